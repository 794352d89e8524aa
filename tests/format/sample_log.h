// SPDX-License-Identifier: MIT
/*
 * A small log with one of everything, the same bytes every time: for tests of reading, of damage and for fuzzing.
 */
#ifndef IPCTRACE_TESTS_FORMAT_SAMPLE_LOG_H
#define IPCTRACE_TESTS_FORMAT_SAMPLE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "format/log_writer.h"

#define SAMPLE_FRAMES 5
#define SAMPLE_EVENTS 40u /* in each frame but the first */

extern const struct log_head sample_head;

/* Write the sample to `writer`: a head-only frame, then frames of objects and events. 0 or an error of the writer. */
int sample_write(struct log_writer *writer);

#define SAMPLE_TIMES 600u

/* Write a head-only frame, and one of events whose times are coded in bits. 0 or an error of the writer. */
int sample_write_times(struct log_writer *writer);

/* The sample in memory; free with log_writer_free(). NULL when it could not be made. */
struct log_writer *sample_log(const void **bytes, size_t *size);

#endif
