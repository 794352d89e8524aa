// SPDX-License-Identifier: MIT
/*
 * What the tests of libposixtrace share: streams made with few words, and all that one reports, in order.
 */
#ifndef IPCTRACE_TESTS_POSIX_EVENTS_H
#define IPCTRACE_TESTS_POSIX_EVENTS_H

#include <stdbool.h>
#include <trace.h>

#define EVENTS_MAX 20000

struct seen_event {
	struct posix_trace_event_info info;
	char name[TRACE_EVENT_NAME_MAX + 1];
	char data[400];
	size_t size;
};

/* What was reported last by events_read(). */
extern struct seen_event events[EVENTS_MAX];
extern int events_count;

/* Reports what there is, without waiting, of a stream that runs or was opened. */
void events_read(trace_id_t trid);

/* How many events of events_read() have this name, and the first of them. */
int events_named(const char *name);
const struct seen_event *event_named(const char *name);

/* An attributes object with these policies (0: as it is) and this size of the stream (0: as it is). */
trace_attr_t attributes_make(int stream_policy, int log_policy, size_t stream_size);

/* A stream of this process, not started. */
trace_id_t stream_create(const trace_attr_t *attr);

/* The same with a log in a new file, which is gone when the descriptor is closed. */
trace_id_t stream_create_withlog(const trace_attr_t *attr, int *fd);
int file_make(void);

trace_event_id_t event_open(const char *name);
struct posix_trace_status_info status_of(trace_id_t trid);

/* Records events of this name with the numbers from `from` up to, not with, `to`; and which number one has. */
void record_numbers(const char *name, int from, int to);
int number_of(const struct seen_event *event);

/* Waits until nothing is being flushed. */
void flush_await(trace_id_t trid);

#endif
