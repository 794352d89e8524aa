// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/posix/events.h"

Test(stream, is_created_suspended_with_nothing_in_it)
{
	trace_id_t trid = stream_create(NULL);
	struct posix_trace_status_info status = status_of(trid);

	cr_assert_eq(status.posix_stream_status, POSIX_TRACE_SUSPENDED);
	cr_assert_eq(status.posix_stream_full_status, POSIX_TRACE_NOT_FULL);
	cr_assert_eq(status.posix_stream_overrun_status, POSIX_TRACE_NO_OVERRUN);
	cr_assert_eq(status.posix_stream_flush_status, POSIX_TRACE_NOT_FLUSHING);
	cr_assert_eq(status.posix_stream_flush_error, 0);
	cr_assert_eq(status.posix_log_overrun_status, POSIX_TRACE_NO_OVERRUN);
	cr_assert_eq(status.posix_log_full_status, POSIX_TRACE_NOT_FULL);
	posix_trace_event(event_open("early"), "x", 1);
	events_read(trid);
	cr_assert_eq(events_count, 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(stream, says_when_it_was_started_and_stopped)
{
	trace_id_t trid = stream_create(NULL);
	int automatic = 77;

	cr_assert_eq(posix_trace_stop(trid), 0); /* nothing to say */
	cr_assert_eq(posix_trace_start(trid), 0);
	cr_assert_eq(posix_trace_start(trid), 0);
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_RUNNING);
	cr_assert_eq(posix_trace_stop(trid), 0);
	cr_assert_eq(posix_trace_stop(trid), 0);
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_SUSPENDED);
	events_read(trid);
	cr_assert_eq(events_count, 2);
	cr_assert_eq(events[0].info.posix_event_id, POSIX_TRACE_START);
	cr_assert_eq(events[0].size, sizeof(trace_event_set_t));
	cr_assert_eq(events[1].info.posix_event_id, POSIX_TRACE_STOP);
	cr_assert_eq(events[1].size, sizeof(automatic));
	memcpy(&automatic, events[1].data, sizeof(automatic));
	cr_assert_eq(automatic, 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(stream, reports_events_as_they_were_and_once)
{
	trace_id_t trid = stream_create(NULL);
	trace_event_id_t event = event_open("order.begin");
	struct timespec before, after;

	cr_assert_eq(posix_trace_start(trid), 0);
	clock_gettime(CLOCK_REALTIME, &before);
	posix_trace_event(event, "hello", 5);
	posix_trace_event(event, NULL, 0);
	clock_gettime(CLOCK_REALTIME, &after);
	cr_assert_eq(posix_trace_stop(trid), 0);
	events_read(trid);
	cr_assert_eq(events_count, 4);
	const struct seen_event *seen = &events[1];
	cr_assert_str_eq(seen->name, "order.begin");
	cr_assert_eq(seen->size, 5);
	cr_assert_eq(memcmp(seen->data, "hello", 5), 0);
	cr_assert_eq(seen->info.posix_truncation_status, POSIX_TRACE_NOT_TRUNCATED);
	cr_assert_eq(seen->info.posix_pid, getpid());
	cr_assert(pthread_equal(seen->info.posix_thread_id, pthread_self()));
	cr_assert_not_null(seen->info.posix_prog_address);
	cr_assert_neq(seen->info.posix_prog_address, events[2].info.posix_prog_address);
	cr_assert_eq(events[2].size, 0);
	/* read by another clock: what lies between the two readings that tie them may be much on a loaded machine */
	int64_t at = seen->info.posix_timestamp.tv_sec * 1000000000ll + seen->info.posix_timestamp.tv_nsec;
	cr_assert_geq(at, before.tv_sec * 1000000000ll + before.tv_nsec - 1000000);
	cr_assert_leq(at, after.tv_sec * 1000000000ll + after.tv_nsec + 1000000);
	events_read(trid);
	cr_assert_eq(events_count, 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(stream, records_in_every_stream_that_runs)
{
	trace_id_t trids[3] = {stream_create(NULL), stream_create(NULL), stream_create(NULL)};

	cr_assert_eq(posix_trace_start(trids[0]), 0);
	cr_assert_eq(posix_trace_start(trids[2]), 0);
	posix_trace_event(event_open("shared"), NULL, 0);
	for (int i = 0; i < 3; i++) {
		events_read(trids[i]);
		cr_assert_eq(events_named("shared"), i != 1);
		cr_assert_eq(posix_trace_shutdown(trids[i]), 0);
	}
}

Test(stream, cuts_data_that_is_longer_than_it_may_be)
{
	trace_attr_t attr = attributes_make(0, 0, 0);
	struct posix_trace_event_info info;
	char data[32];
	size_t size;
	int unavailable;

	cr_assert_eq(posix_trace_attr_setmaxdatasize(&attr, 8), 0);
	trace_id_t trid = stream_create(&attr);
	cr_assert_eq(posix_trace_start(trid), 0);
	posix_trace_event(event_open("long"), "12345678", 8);
	posix_trace_event(event_open("long"), "123456789", 9);
	posix_trace_event(event_open("long"), "12345678", 8);
	events_read(trid);
	cr_assert_eq(events[1].info.posix_truncation_status, POSIX_TRACE_NOT_TRUNCATED);
	cr_assert_eq(events[1].size, 8);
	cr_assert_eq(events[2].info.posix_truncation_status, POSIX_TRACE_TRUNCATED_RECORD);
	cr_assert_eq(events[2].size, 8);
	posix_trace_event(event_open("long"), "12345678", 8);
	cr_assert_eq(posix_trace_getnext_event(trid, &info, data, 3, &size, &unavailable), 0);
	cr_assert_eq(size, 3);
	cr_assert_eq(memcmp(data, "123", 3), 0);
	cr_assert_eq(info.posix_truncation_status, POSIX_TRACE_TRUNCATED_READ);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(stream, leaves_out_what_is_filtered)
{
	trace_id_t trid = stream_create(NULL);
	trace_event_id_t kept = event_open("kept"), dropped = event_open("dropped");
	trace_event_set_t set, sets[2];
	int is_member;

	cr_assert_eq(posix_trace_eventset_empty(&set), 0);
	cr_assert_eq(posix_trace_eventset_add(dropped, &set), 0);
	cr_assert_eq(posix_trace_set_filter(trid, &set, POSIX_TRACE_SET_EVENTSET), 0); /* suspended: says nothing */
	cr_assert_eq(posix_trace_start(trid), 0);
	posix_trace_event(kept, NULL, 0);
	posix_trace_event(dropped, NULL, 0);
	cr_assert_eq(posix_trace_set_filter(trid, &set, POSIX_TRACE_SUB_EVENTSET), 0);
	posix_trace_event(dropped, NULL, 0);
	cr_assert_eq(posix_trace_set_filter(trid, &set, POSIX_TRACE_ADD_EVENTSET), 0);
	posix_trace_event(dropped, NULL, 0);
	events_read(trid);
	cr_assert_eq(events_named("kept"), 1);
	cr_assert_eq(events_named("dropped"), 1);
	cr_assert_eq(events_named("posix_trace_filter"), 2);
	memcpy(sets, event_named("posix_trace_filter")->data, sizeof(sets));
	cr_assert_eq(posix_trace_eventset_ismember(dropped, &sets[0], &is_member), 0);
	cr_assert(is_member, "the set before");
	cr_assert_eq(posix_trace_eventset_ismember(dropped, &sets[1], &is_member), 0);
	cr_assert_not(is_member, "the set after");
	cr_assert_eq(posix_trace_get_filter(trid, &sets[0]), 0);
	cr_assert_eq(memcmp(&sets[0], &set, sizeof(set)), 0);
	cr_assert_eq(posix_trace_set_filter(trid, &set, 77), EINVAL);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(stream, forgets_its_events_when_it_is_cleared_and_goes_on)
{
	trace_id_t trid = stream_create(NULL);

	cr_assert_eq(posix_trace_start(trid), 0);
	posix_trace_event(event_open("before"), NULL, 0);
	cr_assert_eq(posix_trace_clear(trid), 0);
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_RUNNING);
	posix_trace_event(event_open("after"), NULL, 0);
	events_read(trid);
	cr_assert_eq(events_count, 1);
	cr_assert_str_eq(events[0].name, "after");
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(stream, that_was_shut_down_is_nobody)
{
	trace_id_t trid = stream_create(NULL);
	struct posix_trace_status_info status;
	trace_event_set_t set;
	trace_attr_t attr;

	cr_assert_eq(posix_trace_start(trid), 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	posix_trace_event(event_open("late"), NULL, 0);
	trace_id_t next = stream_create(NULL);
	cr_assert_neq(next, trid, "an old identifier is not used again at once");
	cr_assert_eq(posix_trace_shutdown(trid), EINVAL);
	cr_assert_eq(posix_trace_start(trid), EINVAL);
	cr_assert_eq(posix_trace_stop(trid), EINVAL);
	cr_assert_eq(posix_trace_clear(trid), EINVAL);
	cr_assert_eq(posix_trace_flush(trid), EINVAL);
	cr_assert_eq(posix_trace_get_attr(trid, &attr), EINVAL);
	cr_assert_eq(posix_trace_get_status(trid, &status), EINVAL);
	cr_assert_eq(posix_trace_get_filter(trid, &set), EINVAL);
	cr_assert_eq(posix_trace_rewind(trid), EINVAL);
	cr_assert_eq(posix_trace_close(trid), EINVAL);
	cr_assert_eq(posix_trace_flush(next), EINVAL, "a stream without log");
	cr_assert_eq(posix_trace_rewind(next), EINVAL, "an active stream");
	cr_assert_eq(posix_trace_close(next), EINVAL, "an active stream");
	cr_assert_eq(posix_trace_start(-1), EINVAL);
	cr_assert_eq(posix_trace_shutdown(next), 0);
}

Test(stream, is_one_of_so_many_and_not_one_more)
{
	trace_id_t trids[TRACE_SYS_MAX], more = -77;

	for (int i = 0; i < TRACE_SYS_MAX; i++)
		trids[i] = stream_create(NULL);
	cr_assert_eq(posix_trace_create(0, NULL, &more), EAGAIN);
	cr_assert_eq(more, -77);
	cr_assert_eq(posix_trace_shutdown(trids[7]), 0);
	trids[7] = stream_create(NULL);
	for (int i = 0; i < TRACE_SYS_MAX; i++)
		cr_assert_eq(posix_trace_shutdown(trids[i]), 0);
}

Test(stream, is_of_this_process_and_of_no_other)
{
	trace_id_t trid;

	cr_assert_eq(posix_trace_create(getpid(), NULL, &trid), 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	cr_assert_eq(posix_trace_create(getppid(), NULL, &trid), EPERM);
	cr_assert_eq(posix_trace_create(0x3fffffff, NULL, &trid), ESRCH);
}

/* ---- waiting ---- */

static trace_id_t waited_for;

static void *event_later(void *unused)
{
	usleep(30000);
	posix_trace_event(event_open("at last"), "!", 1);
	return NULL;
}

static void *shutdown_later(void *unused)
{
	usleep(30000);
	cr_assert_eq(posix_trace_shutdown(waited_for), 0);
	return NULL;
}

static int wait_next(struct posix_trace_event_info *info, const struct timespec *until, int *unavailable)
{
	char data[8];
	size_t size;

	return until ? posix_trace_timedgetnext_event(waited_for, info, data, sizeof(data), &size, unavailable, until)
		     : posix_trace_getnext_event(waited_for, info, data, sizeof(data), &size, unavailable);
}

Test(waiting, ends_with_an_event)
{
	struct posix_trace_event_info info;
	pthread_t thread;
	int unavailable;

	waited_for = stream_create(NULL);
	cr_assert_eq(posix_trace_start(waited_for), 0);
	events_read(waited_for);
	cr_assert_eq(pthread_create(&thread, NULL, event_later, NULL), 0);
	cr_assert_eq(wait_next(&info, NULL, &unavailable), 0);
	cr_assert_eq(unavailable, 0);
	cr_assert_eq(info.posix_event_id, event_open("at last"));
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_not(pthread_equal(info.posix_thread_id, pthread_self()));
	cr_assert_eq(posix_trace_shutdown(waited_for), 0);
}

Test(waiting, ends_with_the_stream)
{
	struct posix_trace_event_info info;
	pthread_t thread;
	int unavailable;

	waited_for = stream_create(NULL);
	cr_assert_eq(pthread_create(&thread, NULL, shutdown_later, NULL), 0);
	cr_assert_eq(wait_next(&info, NULL, &unavailable), EINVAL);
	cr_assert_eq(pthread_join(thread, NULL), 0);
}

static struct timespec time_in(long ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_nsec += ms * 1000000;
	now.tv_sec += now.tv_nsec / 1000000000;
	now.tv_nsec %= 1000000000;
	return now;
}

Test(waiting, ends_at_its_time_and_never_before_an_event_that_is_there)
{
	struct posix_trace_event_info info;
	struct timespec until = time_in(50), past = {1, 0}, wrong = {0, 1000000000}, now;
	int unavailable;

	waited_for = stream_create(NULL);
	cr_assert_eq(wait_next(&info, &until, &unavailable), ETIMEDOUT);
	clock_gettime(CLOCK_REALTIME, &now);
	cr_assert(now.tv_sec > until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
	cr_assert_eq(wait_next(&info, &past, &unavailable), ETIMEDOUT);
	cr_assert_eq(wait_next(&info, &wrong, &unavailable), EINVAL);
	cr_assert_eq(posix_trace_start(waited_for), 0);
	cr_assert_eq(posix_trace_stop(waited_for), 0);
	cr_assert_eq(wait_next(&info, &past, &unavailable), 0);
	cr_assert_eq(wait_next(&info, &wrong, &unavailable), 0);
	cr_assert_eq(posix_trace_shutdown(waited_for), 0);
}

static void ignore(int signal)
{
}

Test(waiting, ends_with_a_signal)
{
	const struct itimerval soon = {{0, 20000}, {0, 20000}}, never = {0};
	struct sigaction action = {.sa_handler = ignore};
	struct posix_trace_event_info info;
	int unavailable;

	waited_for = stream_create(NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	errno = 4711;
	cr_assert_eq(wait_next(&info, NULL, &unavailable), EINTR);
	cr_assert_eq(errno, 4711);
	setitimer(ITIMER_REAL, &never, NULL);
	cr_assert_eq(posix_trace_shutdown(waited_for), 0);
}
