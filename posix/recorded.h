// SPDX-License-Identifier: MIT
/*
 * A log that was opened for reading: the pre-recorded stream of posix_trace_open(). One that a stream wrote gives its
 * events back as they were; of one that `ipctrace record` wrote, each call is a system event.
 */
#ifndef IPCTRACE_POSIX_RECORDED_H
#define IPCTRACE_POSIX_RECORDED_H

#include "posix/stream.h"

struct posix_recorded;

/* Opens the log behind `fd`, which need not stay open. 0, EINVAL (no log, or not open for reading) or ENOMEM. */
int recorded_open(int fd, struct posix_recorded **recorded);
void recorded_close(struct posix_recorded *recorded);

/* The next event starts again with the oldest. 0, ENOMEM or EINVAL. */
int recorded_rewind(struct posix_recorded *recorded);

/* The next event by time. 0, STREAM_E_EMPTY at the end, or an error number. */
int recorded_take(struct posix_recorded *recorded, const struct posix_reading *reading);

const struct posix_attributes *recorded_attributes(const struct posix_recorded *recorded);
const struct posix_trace_status_info *recorded_status(const struct posix_recorded *recorded);

/* NULL for a number that is no type of this log. */
const char *recorded_name(const struct posix_recorded *recorded, trace_event_id_t event);

/* The number of the type at `place` in the list; 0 behind its end. */
trace_event_id_t recorded_type_at(const struct posix_recorded *recorded, uint32_t place);

#endif
