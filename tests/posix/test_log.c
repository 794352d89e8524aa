// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/events.h"

static trace_id_t log_open(int fd)
{
	trace_id_t trid;
	int rc = posix_trace_open(fd, &trid);

	cr_assert_eq(rc, 0, "open: %s", strerror(rc));
	return trid;
}

/* All events of the log behind `fd`. */
static void log_read(int fd)
{
	trace_id_t trid = log_open(fd);

	events_read(trid);
	cr_assert_eq(posix_trace_close(trid), 0);
}

Test(log, gives_back_what_was_recorded)
{
	trace_attr_t attr = attributes_make(0, POSIX_TRACE_APPEND, 0);
	char name[TRACE_NAME_MAX];
	struct timespec created, again;
	int fd, policy;

	cr_assert_eq(posix_trace_attr_setname(&attr, "orders"), 0);
	cr_assert_eq(posix_trace_attr_setmaxdatasize(&attr, 8), 0);
	trace_id_t trid = stream_create_withlog(&attr, &fd);
	cr_assert_eq(posix_trace_get_attr(trid, &attr), 0);
	cr_assert_eq(posix_trace_attr_getcreatetime(&attr, &created), 0);
	cr_assert_eq(posix_trace_start(trid), 0);
	posix_trace_event(event_open("order.begin"), "hello", 5);
	posix_trace_event(event_open("order.end"), "0123456789", 10);
	posix_trace_event(event_open("order.end"), NULL, 0);
	posix_trace_event(POSIX_TRACE_UNNAMED_USER_EVENT, "?", 1);
	cr_assert_eq(posix_trace_shutdown(trid), 0);

	trid = log_open(fd);
	close(fd); /* it is not needed any more */
	events_read(trid);
	cr_assert_eq(events_named("posix_trace_flush_start"), 0);
	cr_assert_eq(events_count, 6);
	cr_assert_eq(events[0].info.posix_event_id, POSIX_TRACE_START);
	cr_assert_eq(events[0].size, sizeof(trace_event_set_t));
	cr_assert_str_eq(events[1].name, "order.begin");
	cr_assert_eq(events[1].info.posix_event_id, event_open("order.begin"));
	cr_assert_eq(events[1].size, 5);
	cr_assert_eq(memcmp(events[1].data, "hello", 5), 0);
	cr_assert_eq(events[1].info.posix_pid, getpid());
	cr_assert_eq(events[1].info.posix_truncation_status, POSIX_TRACE_NOT_TRUNCATED);
	cr_assert_not_null(events[1].info.posix_prog_address);
	cr_assert_eq(events[2].size, 8);
	cr_assert_eq(events[2].info.posix_truncation_status, POSIX_TRACE_TRUNCATED_RECORD);
	cr_assert_eq(events[3].size, 0);
	cr_assert_eq(events[4].info.posix_event_id, POSIX_TRACE_UNNAMED_USER_EVENT);
	cr_assert_eq(events[5].info.posix_event_id, POSIX_TRACE_STOP);
	cr_assert_eq(posix_trace_get_attr(trid, &attr), 0);
	cr_assert_eq(posix_trace_attr_getname(&attr, name), 0);
	cr_assert_str_eq(name, "orders");
	cr_assert_eq(posix_trace_attr_getlogfullpolicy(&attr, &policy), 0);
	cr_assert_eq(policy, POSIX_TRACE_APPEND);
	cr_assert_eq(posix_trace_attr_getcreatetime(&attr, &again), 0);
	cr_assert_eq(memcmp(&created, &again, sizeof(created)), 0);
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_SUSPENDED);
	cr_assert_eq(posix_trace_close(trid), 0);
	cr_assert_eq(posix_trace_close(trid), EINVAL);
}

Test(log, is_read_again_from_the_oldest_event)
{
	struct posix_trace_event_info info;
	char data[8];
	size_t size;
	int fd, unavailable;
	trace_id_t trid = stream_create_withlog(NULL, &fd);

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 3);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	trid = log_open(fd);
	events_read(trid);
	int before = events_count;
	cr_assert_eq(posix_trace_getnext_event(trid, &info, data, sizeof(data), &size, &unavailable), 0);
	cr_assert_neq(unavailable, 0, "the end, without waiting");
	cr_assert_eq(posix_trace_rewind(trid), 0);
	events_read(trid);
	cr_assert_eq(events_count, before);
	cr_assert_eq(number_of(&events[1]), 0);
	cr_assert_eq(posix_trace_close(trid), 0);
}

Test(log, is_nobody_s_to_control)
{
	trace_event_id_t event, seen = 0;
	trace_event_set_t set;
	int fd, unavailable;
	trace_id_t trid = stream_create_withlog(NULL, &fd);

	event = event_open("of the log");
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	trid = log_open(fd);
	cr_assert_eq(posix_trace_start(trid), EINVAL);
	cr_assert_eq(posix_trace_stop(trid), EINVAL);
	cr_assert_eq(posix_trace_clear(trid), EINVAL);
	cr_assert_eq(posix_trace_flush(trid), EINVAL);
	cr_assert_eq(posix_trace_shutdown(trid), EINVAL);
	cr_assert_eq(posix_trace_get_filter(trid, &set), EINVAL);
	cr_assert_eq(posix_trace_trid_eventid_open(trid, "more", &event), EINVAL);
	do {
		cr_assert_eq(posix_trace_eventtypelist_getnext_id(trid, &seen, &unavailable), 0);
	} while (!unavailable && seen != event);
	cr_assert_eq(seen, event);
	cr_assert_eq(posix_trace_close(trid), 0);
}

Test(log, wants_a_regular_file_that_can_be_written)
{
	int pipes[2], full = open("/dev/null", O_RDWR), fd = open("/proc/self/exe", O_RDONLY);
	trace_id_t trid;

	cr_assert_eq(pipe(pipes), 0);
	cr_assert_eq(posix_trace_create_withlog(0, NULL, fd, &trid), EBADF);
	cr_assert_eq(posix_trace_create_withlog(0, NULL, 4711, &trid), EBADF);
	cr_assert_eq(posix_trace_create_withlog(0, NULL, pipes[1], &trid), EINVAL);
	cr_assert_eq(posix_trace_create_withlog(0, NULL, full, &trid), EINVAL);
	cr_assert_eq(posix_trace_open(pipes[0], &trid), EINVAL);
	cr_assert_eq(posix_trace_open(fd, &trid), EINVAL, "no log");
	cr_assert_eq(posix_trace_open(4711, &trid), EINVAL);
	cr_assert_eq(posix_trace_open(file_make(), &trid), EINVAL, "an empty file");
}

Test(log, has_what_was_flushed_and_the_stream_has_room_again)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, POSIX_TRACE_APPEND, 20000);
	int fd;
	trace_id_t trid = stream_create_withlog(&attr, &fd);

	cr_assert_eq(posix_trace_start(trid), 0);
	for (int i = 0; i < 50; i++) {
		record_numbers("number", i * 100, (i + 1) * 100);
		cr_assert_eq(posix_trace_flush(trid), 0);
		flush_await(trid);
	}
	cr_assert_eq(status_of(trid).posix_stream_overrun_status, POSIX_TRACE_NO_OVERRUN);
	log_read(fd); /* while it is being written */
	cr_assert_eq(events_named("number"), 5000);
	cr_assert_eq(events_named("posix_trace_flush_start"), 50);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	log_read(fd);
	cr_assert_eq(events_named("number"), 5000);
	cr_assert_eq(events_named("posix_trace_flush_stop"), 50);
	cr_assert_eq(events[events_count - 1].info.posix_event_id, POSIX_TRACE_STOP);
}

Test(log, of_a_stream_that_flushes_by_itself_is_not_waited_for)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_FLUSH, POSIX_TRACE_APPEND, 4u << 20);
	int fd;
	trace_id_t trid = stream_create_withlog(&attr, &fd);

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 10);
	for (int i = 0; i < 500 && events_named("number") < 10; i++) {
		usleep(10000);
		log_read(fd);
	}
	cr_assert_eq(events_named("number"), 10);
	int flushes = events_named("posix_trace_flush_start");
	usleep(500000);
	log_read(fd);
	cr_assert_eq(events_named("posix_trace_flush_start"), flushes, "it does not flush its own flushing");
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(log, until_full_ends_with_a_stop)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, POSIX_TRACE_UNTIL_FULL, 0);
	int fd;

	cr_assert_eq(posix_trace_attr_setlogsize(&attr, 10000), 0);
	trace_id_t trid = stream_create_withlog(&attr, &fd);
	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 1000);
	cr_assert_eq(posix_trace_flush(trid), 0);
	flush_await(trid);
	record_numbers("number", 1000, 1010);
	cr_assert_eq(status_of(trid).posix_log_full_status, POSIX_TRACE_FULL);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	trid = log_open(fd);
	cr_assert_eq(status_of(trid).posix_log_full_status, POSIX_TRACE_FULL);
	cr_assert_eq(status_of(trid).posix_log_full_status, POSIX_TRACE_FULL, "it stays");
	events_read(trid);
	cr_assert_eq(posix_trace_close(trid), 0);
	cr_assert_eq(events[events_count - 1].info.posix_event_id, POSIX_TRACE_STOP);
	int kept = events_named("number");
	cr_assert(kept > 100 && kept < 200);
	for (int i = 0, next = 0; i < events_count; i++)
		if (!strcmp(events[i].name, "number"))
			cr_assert_eq(number_of(&events[i]), next++);
}

Test(log, that_loops_has_the_youngest)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, POSIX_TRACE_LOOP, 0);
	int fd, next = -1;

	cr_assert_eq(posix_trace_attr_setlogsize(&attr, 20000), 0);
	trace_id_t trid = stream_create_withlog(&attr, &fd);
	cr_assert_eq(posix_trace_start(trid), 0);
	for (int i = 0; i < 20; i++) {
		record_numbers("number", i * 100, (i + 1) * 100);
		cr_assert_eq(posix_trace_flush(trid), 0);
		flush_await(trid);
	}
	cr_assert_eq(status_of(trid).posix_log_full_status, POSIX_TRACE_FULL);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	log_read(fd);
	int kept = events_named("number");
	cr_assert(kept > 100 && kept < 400, "%d", kept);
	for (int i = 0; i < events_count; i++) {
		if (strcmp(events[i].name, "number") != 0)
			continue;
		next = next < 0 ? 2000 - kept : next;
		cr_assert_eq(number_of(&events[i]), next++);
	}
	cr_assert_eq(next, 2000);
}

Test(log, begins_again_when_the_stream_is_cleared)
{
	trace_attr_t attr = attributes_make(0, POSIX_TRACE_UNTIL_FULL, 0);
	int fd;
	trace_id_t trid = stream_create_withlog(&attr, &fd);

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("before", 0, 100);
	cr_assert_eq(posix_trace_flush(trid), 0);
	cr_assert_eq(posix_trace_clear(trid), 0);
	record_numbers("after", 0, 7);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	log_read(fd);
	cr_assert_eq(events_named("before"), 0);
	cr_assert_eq(events_named("after"), 7);
	cr_assert_str_eq(events[0].name, "after");
}

Test(log, leaves_the_events_to_who_reads_the_stream)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, 0, 0);
	int fd;
	trace_id_t trid = stream_create_withlog(&attr, &fd);

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 10);
	events_read(trid);
	cr_assert_eq(events_named("number"), 10);
	events_read(trid);
	cr_assert_eq(events_count, 0, "each is reported once");
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	log_read(fd);
	cr_assert_eq(events_named("number"), 10);
}

Test(log, takes_what_cannot_be_compressed)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, POSIX_TRACE_APPEND, 8u << 20);
	char noise[256];
	int fd;
	trace_id_t trid = stream_create_withlog(&attr, &fd);
	trace_event_id_t event = event_open("noise");

	cr_assert_eq(posix_trace_start(trid), 0);
	unsigned state = 1;
	for (int i = 0; i < 2000; i++) {
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (char)((state = state * 1103515245 + 12345) >> 16);
		posix_trace_event(event, noise, sizeof(noise));
	}
	cr_assert_eq(posix_trace_flush(trid), 0);
	flush_await(trid);
	cr_assert_eq(status_of(trid).posix_stream_flush_error, 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	log_read(fd);
	cr_assert_eq(events_named("noise"), 2000);
}
