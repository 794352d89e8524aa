// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/posix/events.h"

Test(policy, keeps_all_events_whose_sizes_add_up_to_the_stream_s)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, 0, 50000);
	size_t user, system;

	cr_assert_eq(posix_trace_attr_getmaxusereventsize(&attr, sizeof(int), &user), 0);
	cr_assert_eq(posix_trace_attr_getmaxsystemeventsize(&attr, &system), 0);
	int count = (int)((50000 - system) / user);
	trace_id_t trid = stream_create(&attr);
	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, count);
	cr_assert_eq(status_of(trid).posix_stream_overrun_status, POSIX_TRACE_NO_OVERRUN);
	cr_assert_eq(posix_trace_stop(trid), 0);
	events_read(trid);
	cr_assert_eq(events_named("number"), count);
	for (int i = 0; i < count; i++)
		cr_assert_eq(number_of(&events[i + 1]), i);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(policy, that_loops_keeps_the_youngest)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_LOOP, 0, 20000);
	trace_id_t trid = stream_create(&attr);

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 10000);
	struct posix_trace_status_info status = status_of(trid);
	cr_assert_eq(status.posix_stream_status, POSIX_TRACE_RUNNING);
	cr_assert_eq(status.posix_stream_full_status, POSIX_TRACE_FULL);
	cr_assert_eq(status.posix_stream_overrun_status, POSIX_TRACE_OVERRUN);
	cr_assert_eq(status_of(trid).posix_stream_overrun_status, POSIX_TRACE_NO_OVERRUN, "it is told once");
	events_read(trid);
	cr_assert_gt(events_count, 200);
	for (int i = 0; i < events_count; i++)
		cr_assert_eq(number_of(&events[i]), 10000 - events_count + i);
	cr_assert_eq(status_of(trid).posix_stream_full_status, POSIX_TRACE_NOT_FULL);
	cr_assert_eq(posix_trace_stop(trid), 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(policy, that_loops_is_stopped_and_started_when_full)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_LOOP, 0, 20000);
	trace_id_t trid = stream_create(&attr);

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 10000);
	cr_assert_eq(posix_trace_stop(trid), 0);
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_SUSPENDED);
	record_numbers("number", 10000, 10001);
	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 10001, 10002);
	events_read(trid);
	cr_assert_eq(number_of(&events[events_count - 1]), 10001);
	cr_assert_eq(events[events_count - 2].info.posix_event_id, POSIX_TRACE_START);
	cr_assert_eq(events[events_count - 3].info.posix_event_id, POSIX_TRACE_STOP);
	cr_assert_eq(number_of(&events[events_count - 4]), 9999);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(policy, until_full_keeps_the_oldest_and_stops)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, 0, 20000);
	trace_id_t trid = stream_create(&attr);
	int automatic = 0;

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 10000);
	struct posix_trace_status_info status = status_of(trid);
	cr_assert_eq(status.posix_stream_status, POSIX_TRACE_SUSPENDED);
	cr_assert_eq(status.posix_stream_full_status, POSIX_TRACE_FULL);
	cr_assert_eq(status.posix_stream_overrun_status, POSIX_TRACE_OVERRUN);
	cr_assert_eq(posix_trace_stop(trid), 0, "has nothing to say");
	cr_assert_eq(posix_trace_start(trid), 0, "neither has this");
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_SUSPENDED);
	events_read(trid);
	int last = events_count - 2; /* STOP, and the START that comes with being empty */
	cr_assert_eq(events[last].info.posix_event_id, POSIX_TRACE_STOP);
	cr_assert_eq(events[last + 1].info.posix_event_id, POSIX_TRACE_START);
	memcpy(&automatic, events[last].data, sizeof(automatic));
	cr_assert_neq(automatic, 0, "it stopped by itself");
	for (int i = 1; i < last; i++)
		cr_assert_eq(number_of(&events[i]), i - 1);
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_RUNNING);
	cr_assert_eq(status_of(trid).posix_stream_full_status, POSIX_TRACE_NOT_FULL);
	record_numbers("again", 0, 3);
	events_read(trid);
	cr_assert_eq(events_named("again"), 3);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(policy, until_full_cleared_is_empty_and_stays_suspended)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, 0, 20000);
	trace_id_t trid = stream_create(&attr);

	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 10000);
	cr_assert_eq(posix_trace_clear(trid), 0);
	struct posix_trace_status_info status = status_of(trid);
	cr_assert_eq(status.posix_stream_status, POSIX_TRACE_SUSPENDED);
	cr_assert_eq(status.posix_stream_full_status, POSIX_TRACE_NOT_FULL);
	cr_assert_eq(status.posix_stream_overrun_status, POSIX_TRACE_NO_OVERRUN);
	cr_assert_eq(posix_trace_start(trid), 0);
	record_numbers("number", 0, 1);
	events_read(trid);
	cr_assert_eq(events_count, 2);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(policy, to_flush_needs_a_log)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_FLUSH, 0, 0);
	trace_id_t trid;

	cr_assert_eq(posix_trace_create(0, &attr, &trid), EINVAL);
}

static sigjmp_buf before_fault;

static void jump_out(int signal)
{
	siglongjmp(before_fault, 1);
}

Test(policy, goes_on_behind_an_event_that_was_jumped_out_of_and_says_what_was_lost)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_LOOP, 0, 20000);
	struct sigaction action = {.sa_handler = jump_out}, before;
	void *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	trace_id_t trid = stream_create(&attr);

	cr_assert_eq(posix_trace_start(trid), 0);
	sigaction(SIGSEGV, &action, &before);
	if (!sigsetjmp(before_fault, 1))
		posix_trace_event(event_open("bad"), bad, 16);
	sigaction(SIGSEGV, &before, NULL);
	record_numbers("number", 0, 2000); /* all round, to where it began */
	usleep(700000);
	record_numbers("number", 2000, 2002);
	events_read(trid);
	cr_assert_eq(number_of(&events[events_count - 1]), 2001);
	cr_assert_eq(events[events_count - 3].info.posix_event_id, POSIX_TRACE_RESUME);
	cr_assert_eq(events[events_count - 4].info.posix_event_id, POSIX_TRACE_OVERFLOW);
	cr_assert_eq(events_named("posix_trace_overflow"), 1);
	cr_assert_eq(events_named("bad"), 0);
	cr_assert_eq(status_of(trid).posix_stream_overrun_status, POSIX_TRACE_OVERRUN);
	cr_assert_eq(posix_trace_shutdown(trid), 0, "who jumped out does not come back, and is not waited for");
	trid = stream_create(NULL);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

/* ---- many at once ---- */

#define WRITERS 4
#define EACH	20000

static int written; /* writers that have done their work */

static void *write_many(void *argument)
{
	int writer = (int)(intptr_t)argument;

	record_numbers("many", writer * EACH, (writer + 1) * EACH);
	__atomic_fetch_add(&written, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

Test(threads, lose_and_mix_up_nothing)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, 0, 16u << 20);
	trace_id_t trid = stream_create(&attr);
	int next[WRITERS], total = 0;
	pthread_t threads[WRITERS];

	cr_assert_eq(posix_trace_start(trid), 0);
	for (int i = 0; i < WRITERS; i++) {
		next[i] = i * EACH;
		cr_assert_eq(pthread_create(&threads[i], NULL, write_many, (void *)(intptr_t)i), 0);
	}
	while (total < WRITERS * EACH) {
		struct seen_event event;
		int unavailable;
		cr_assert_eq(posix_trace_getnext_event(trid, &event.info, event.data, sizeof(event.data), &event.size,
						       &unavailable),
			     0);
		if (event.info.posix_event_id == POSIX_TRACE_START)
			continue;
		int number = number_of(&event);
		cr_assert_eq(number, next[number / EACH]++, "in the order of each thread");
		total++;
	}
	for (int i = 0; i < WRITERS; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(threads, that_loop_over_each_other_leave_whole_events)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_LOOP, 0, 8192);
	trace_id_t trid = stream_create(&attr);
	int last[WRITERS] = {0}, seen = 0;
	pthread_t threads[WRITERS];

	cr_assert_eq(posix_trace_start(trid), 0);
	for (int i = 0; i < WRITERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, write_many, (void *)(intptr_t)i), 0);
	for (bool ends = false; !ends;) {
		ends = __atomic_load_n(&written, __ATOMIC_SEQ_CST) == WRITERS;
		events_read(trid);
		for (int i = 0; i < events_count; i++) {
			if (strcmp(events[i].name, "many") != 0)
				continue;
			int number = number_of(&events[i]), writer = number / EACH;
			cr_assert(number >= 0 && writer < WRITERS && events[i].size == sizeof(int));
			cr_assert_geq(number, last[writer]);
			last[writer] = number;
			seen++;
		}
	}
	for (int i = 0; i < WRITERS; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	cr_assert_gt(seen, 100);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(threads, may_record_while_streams_come_and_go)
{
	pthread_t threads[WRITERS];

	for (int i = 0; i < WRITERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, write_many, (void *)(intptr_t)i), 0);
	for (int i = 0; i < 200; i++) {
		trace_attr_t attr = attributes_make(0, 0, 4096);
		trace_id_t trid = stream_create(&attr);
		cr_assert_eq(posix_trace_start(trid), 0);
		cr_assert_eq(posix_trace_shutdown(trid), 0);
	}
	for (int i = 0; i < WRITERS; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
}

static trace_event_id_t from_handler;
static volatile int handled;

static void record_in_handler(int signal)
{
	int saved = errno;

	errno = 4711;
	posix_trace_event(from_handler, "handler", 7);
	if (errno == 4711)
		handled++;
	errno = saved;
}

/* Reads what there is: numbers in their order, and those of the handler. */
static void signals_read(trace_id_t trid, int *number, int *in_handler)
{
	events_read(trid);
	for (int i = 0; i < events_count; i++) {
		if (events[i].info.posix_event_id == from_handler) {
			(*in_handler)++;
			cr_assert_eq(memcmp(events[i].data, "handler", 7), 0);
		} else if (!strcmp(events[i].name, "number")) {
			cr_assert_eq(number_of(&events[i]), (*number)++);
		}
	}
}

Test(signals, may_record_inside_of_recording)
{
	trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, 0, 4u << 20);
	const struct itimerval often = {{0, 100}, {0, 100}}, never = {0};
	struct sigaction action = {.sa_handler = record_in_handler};
	trace_id_t trid = stream_create(&attr);
	int number = 0, in_handler = 0;

	from_handler = event_open("from handler");
	sigaction(SIGALRM, &action, NULL);
	cr_assert_eq(posix_trace_start(trid), 0);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int round = 0; handled < 300; round++) {
		record_numbers("number", round * 1000, (round + 1) * 1000);
		signals_read(trid, &number, &in_handler);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	cr_assert_eq(posix_trace_stop(trid), 0);
	signals_read(trid, &number, &in_handler);
	cr_assert_eq(in_handler, handled);
	cr_assert_eq(number % 1000, 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}
