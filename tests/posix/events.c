// SPDX-License-Identifier: MIT
/*
 * See events.h.
 */
#include "tests/posix/events.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct seen_event events[EVENTS_MAX];
int events_count;

void events_read(trace_id_t trid)
{
	int unavailable = 0, rc;

	events_count = 0;
	for (;;) {
		struct seen_event *event = &events[events_count];
		rc = posix_trace_trygetnext_event(trid, &event->info, event->data, sizeof(event->data), &event->size,
						  &unavailable);
		if (rc == EINVAL) /* a log */
			rc = posix_trace_getnext_event(trid, &event->info, event->data, sizeof(event->data),
						       &event->size, &unavailable);
		cr_assert_eq(rc, 0, "reading: %s", strerror(rc));
		if (unavailable)
			return;
		rc = posix_trace_eventid_get_name(trid, event->info.posix_event_id, event->name);
		cr_assert_eq(rc, 0, "no name for %u", event->info.posix_event_id);
		cr_assert_lt(++events_count, EVENTS_MAX);
	}
}

int events_named(const char *name)
{
	int count = 0;

	for (int i = 0; i < events_count; i++)
		count += !strcmp(events[i].name, name);
	return count;
}

const struct seen_event *event_named(const char *name)
{
	for (int i = 0; i < events_count; i++)
		if (!strcmp(events[i].name, name))
			return &events[i];
	cr_assert_fail("no event '%s'", name);
	return NULL;
}

trace_attr_t attributes_make(int stream_policy, int log_policy, size_t stream_size)
{
	trace_attr_t attr;

	cr_assert_eq(posix_trace_attr_init(&attr), 0);
	if (stream_policy)
		cr_assert_eq(posix_trace_attr_setstreamfullpolicy(&attr, stream_policy), 0);
	if (log_policy)
		cr_assert_eq(posix_trace_attr_setlogfullpolicy(&attr, log_policy), 0);
	if (stream_size)
		cr_assert_eq(posix_trace_attr_setstreamsize(&attr, stream_size), 0);
	return attr;
}

trace_id_t stream_create(const trace_attr_t *attr)
{
	trace_id_t trid;
	int rc = posix_trace_create(0, attr, &trid);

	cr_assert_eq(rc, 0, "create: %s", strerror(rc));
	return trid;
}

int file_make(void)
{
	char path[] = "/tmp/posix-trace-test-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	unlink(path);
	return fd;
}

trace_id_t stream_create_withlog(const trace_attr_t *attr, int *fd)
{
	trace_id_t trid;
	int rc;

	*fd = file_make();
	rc = posix_trace_create_withlog(0, attr, *fd, &trid);
	cr_assert_eq(rc, 0, "create_withlog: %s", strerror(rc));
	return trid;
}

trace_event_id_t event_open(const char *name)
{
	trace_event_id_t event;

	cr_assert_eq(posix_trace_eventid_open(name, &event), 0);
	return event;
}

struct posix_trace_status_info status_of(trace_id_t trid)
{
	struct posix_trace_status_info status;

	cr_assert_eq(posix_trace_get_status(trid, &status), 0);
	return status;
}

void flush_await(trace_id_t trid)
{
	const struct timespec moment = {0, 1000000};

	while (status_of(trid).posix_stream_flush_status == POSIX_TRACE_FLUSHING)
		nanosleep(&moment, NULL);
}

void record_numbers(const char *name, int from, int to)
{
	trace_event_id_t event = event_open(name);

	for (int i = from; i < to; i++)
		posix_trace_event(event, &i, sizeof(i));
}

int number_of(const struct seen_event *event)
{
	int number = -1;

	memcpy(&number, event->data, sizeof(number));
	return number;
}
