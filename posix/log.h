// SPDX-License-Identifier: MIT
/*
 * The log of a POSIX trace stream: a file, what goes into it when it is full, and its end. Used by the keeper alone.
 * Error numbers are those of the system, positive.
 */
#ifndef IPCTRACE_POSIX_LOG_H
#define IPCTRACE_POSIX_LOG_H

#include "posix/stream.h"

struct posix_log;

/* Empties `fd` and begins a log in it; both are borrowed. 0 or an error number. */
int posix_log_open(struct posix_log **log, int fd, struct posix_shared *shared);

/* An event, with its data behind it, by the log's full policy. 0 or an error number of writing. */
int posix_log_add(struct posix_log *log, const struct posix_record *record);

/* Writes what was added. 0 or an error number; then it is lost, and counted. */
int posix_log_flush(struct posix_log *log);

/* Begins anew with an empty file. */
int posix_log_restart(struct posix_log *log);

/* Writes the end, in which `lost` events did not come as far as the log, and frees it. NULL is allowed. */
int posix_log_close(struct posix_log *log, uint64_t lost);

#endif
