// SPDX-License-Identifier: MIT
/*
 * The reader of rings, on rings made by hand: whole, wrapped, torn, lapped and hostile.
 */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include "tests/trace/ring_maker.h"

static struct ring_maker maker;
static struct taking taking;
static struct live_cursor cursor;

static void start(void)
{
	ring_maker_init(&maker);
	taking_init(&taking);
	memset(&cursor, 0, sizeof(cursor));
}

static void end(void)
{
	ring_maker_free(&maker);
	taking_free(&taking);
}

TestSuite(live_read, .init = start, .fini = end);

static int take(uint64_t until, bool is_abandoned)
{
	return live_reader_take(taking.reader, &maker.ring, &cursor, until, is_abandoned);
}

static void assert_fds(size_t count, int first)
{
	cr_assert_eq(taking.events_count, count, "%zu events instead of %zu", taking.events_count, count);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(taking.events[i].fd, first + (int)i);
}

Test(live_read, takes_what_was_published_in_order)
{
	ring_maker_thread(&maker, 7, 8);
	for (int i = 0; i < 100; i++)
		ring_maker_call(&maker, i, 100 + i);
	cr_assert_eq(take(UINT64_MAX, false), 0);
	cr_assert_eq(cursor.position, maker.slot->head);
	taking_read(&taking);
	assert_fds(100, 0);
	cr_assert_eq(taking.events[99].sequence, 99);
	cr_assert_eq(taking.events[99].tid, 8);
	cr_assert_eq(taking.threads, 1);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_torn, 0);
}

Test(live_read, follows_the_ring_around_its_end)
{
	ring_maker_thread(&maker, 7, 8);
	for (int i = 0; i < 20000; i++) {
		ring_maker_call(&maker, i, 100 + i);
		if (i % 500 == 0)
			cr_assert_eq(take(UINT64_MAX, false), 0);
	}
	cr_assert_eq(take(UINT64_MAX, false), 0);
	taking_read(&taking);
	assert_fds(20000, 0);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_torn, 0);
}

Test(live_read, leaves_what_ended_later_for_the_next_frame)
{
	ring_maker_thread(&maker, 7, 8);
	for (int i = 0; i < 10; i++)
		ring_maker_call(&maker, i, 100 + i);
	cr_assert_eq(take(104, false), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->events, 5);
	cr_assert_eq(take(UINT64_MAX, false), 0);
	taking_read(&taking);
	assert_fds(10, 0);
}

Test(live_read, does_not_wait_for_a_clock_that_runs_wild)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, UINT64_MAX / 2);
	cr_assert_eq(take(100, false), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->events, 1);
}

Test(live_read, starts_each_threads_numbers_anew)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, 10);
	ring_maker_call(&maker, 1, 11);
	ring_maker_thread_end(&maker);
	ring_maker_thread(&maker, 9, 10);
	ring_maker_call(&maker, 2, 12);
	cr_assert_eq(take(UINT64_MAX, false), 0);
	taking_read(&taking);
	assert_fds(3, 0);
	cr_assert_eq(taking.events[1].sequence, 1);
	cr_assert_eq(taking.events[2].sequence, 0);
	cr_assert_eq(taking.events[2].pid, 9);
	cr_assert_eq(taking.thread_ends, 1);
	cr_assert_eq(taking.threads, 2);
}

Test(live_read, skips_a_record_that_was_never_finished_and_counts_it_once)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, 10);
	ring_maker_torn_call(&maker);
	ring_maker_call(&maker, 1, 11); /* publishes over the torn one, as after a jump out of a handler */
	cr_assert_eq(take(UINT64_MAX, false), 0);
	cr_assert_eq(take(UINT64_MAX, true), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_torn, 1);
	taking_read(&taking);
	assert_fds(2, 0);
}

Test(live_read, takes_whole_records_beyond_the_published_part_of_a_dead_thread)
{
	uint64_t position;
	struct record_call *call;
	const uint32_t words = sizeof(*call) / 8 + 2;

	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, 10);
	ring_maker_torn_call(&maker); /* interrupted by a handler, which finished its own */
	call = (void *)ring_maker_reserve(&maker, words, &position);
	*call = (struct record_call){.enter = 11, .duration = 1};
	call->args[0] = 1;
	call->args[1] = 0;
	ring_maker_finish(&maker, position, words, RECORD_CALL + ring_maker_call_index(), false);
	cr_assert_eq(take(UINT64_MAX, false), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->events, 1);
	cr_assert_eq(take(UINT64_MAX, true), 0);
	cr_assert_eq(cursor.position, maker.slot->reserved);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_torn, 1);
	taking_read(&taking);
	assert_fds(2, 0);
}

Test(live_read, packs_a_call_in_flight_as_unfinished_and_not_as_lost)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_torn_call(&maker);
	maker.slot->in_flight[0] = (struct live_in_flight){
		.enter = 5, .type = RECORD_CALL + ring_maker_call_index(), .argc = 2, .args = {42}};
	maker.slot->in_flight_depth = 1;
	cr_assert_eq(take(UINT64_MAX, true), 0);
	cr_assert_eq(live_reader_take_unfinished(taking.reader, maker.slot, NULL), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_torn, 0);
	taking_read(&taking);
	assert_fds(1, 42);
	cr_assert(taking.events[0].is_unfinished);
}

/* A call of fd 1, whole or not, that nobody has published; its thread was killed before it was off the list of those in
 * flight. */
static void returned_call(bool is_whole)
{
	const uint32_t words = sizeof(struct record_call) / 8 + 2;
	uint64_t position;
	struct record_call *call = (void *)ring_maker_reserve(&maker, words, &position);

	*call = (struct record_call){.enter = 11, .duration = 1};
	call->args[0] = 1;
	call->args[1] = 0;
	if (is_whole)
		ring_maker_finish(&maker, position, words, RECORD_CALL + ring_maker_call_index(), false);
	maker.slot->in_flight[0] = (struct live_in_flight){
		.enter = 11, .type = LIVE_RETURNED | (RECORD_CALL + ring_maker_call_index()), .argc = 2, .args = {1}};
	maker.slot->in_flight_depth = 1;
}

static void assert_returned_call(bool is_unfinished)
{
	cr_assert_eq(take(UINT64_MAX, true), 0);
	cr_assert_eq(live_reader_take_unfinished(taking.reader, maker.slot, NULL), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_torn, 0);
	taking_read(&taking);
	assert_fds(2, 0);
	cr_assert_eq(taking.events[1].is_unfinished, is_unfinished);
}

Test(live_read, has_a_call_once_whose_thread_was_killed_when_its_record_was_whole)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, 10);
	returned_call(true);
	assert_returned_call(false);
}

Test(live_read, has_a_call_as_unfinished_whose_thread_was_killed_while_it_was_recorded)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, 10);
	returned_call(false);
	assert_returned_call(true);
}

Test(live_read, counts_a_torn_record_as_lost_also_beside_one_that_was_whole_when_its_thread_was_killed)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_torn_call(&maker); /* a handler jumped out of it */
	returned_call(true);
	cr_assert_eq(take(UINT64_MAX, true), 0);
	cr_assert_eq(live_reader_take_unfinished(taking.reader, maker.slot, NULL), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_torn, 1);
	cr_assert_eq(live_reader_counts(taking.reader)->unfinished, 0);
}

Test(live_read, passes_over_in_flight_entries_that_are_no_calls)
{
	maker.slot->in_flight_depth = UINT32_MAX;
	for (int i = 0; i < LIVE_IN_FLIGHT_MAX; i++)
		maker.slot->in_flight[i].type = (uint32_t)rand();
	maker.slot->in_flight[0] =
		(struct live_in_flight){.type = RECORD_CALL + ring_maker_call_index(), .argc = UINT32_MAX};
	cr_assert_geq(live_reader_take_unfinished(taking.reader, maker.slot, NULL), 0);
	taking_read(&taking);
}

Test(live_read, reports_what_the_writer_dropped_between_its_neighbours)
{
	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, 10);
	maker.slot->lost += 5;
	maker.slot->made += 5;
	cr_assert_eq(take(UINT64_MAX, false), 0);
	ring_maker_call(&maker, 1, 11);
	cr_assert_eq(take(UINT64_MAX, false), 0);
	taking_read(&taking);
	assert_fds(2, 0);
	cr_assert_eq(taking.events[1].sequence, 6);
	cr_assert_eq(taking.lost, 5);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_full, 5);
}

Test(live_read, takes_the_newest_of_a_ring_that_was_written_over)
{
	ring_maker_thread(&maker, 7, 8);
	for (int i = 0; i < 10000; i++)
		ring_maker_call(&maker, i, 100 + i);
	cr_assert_eq(live_reader_take_window(taking.reader, &maker.ring, &cursor, 0, NULL), 0);
	taking_read(&taking);
	cr_assert_gt(taking.events_count, MAKER_RING / 64 - 2);
	assert_fds(taking.events_count, 10000 - (int)taking.events_count);
	/* the beginning of the thread was made, and written over, too; the slot says whose events they are */
	cr_assert_eq(live_reader_counts(taking.reader)->lost_full + taking.events_count, 10001);
	cr_assert_eq(taking.threads, 1);
	cr_assert_eq(taking.events[0].tid, 8);
}

Test(live_read, knows_the_owners_of_what_is_left_in_a_ring_that_was_written_over)
{
	struct live_owners owners = {.count = 0};

	ring_maker_thread(&maker, 7, 8);
	ring_maker_call(&maker, 0, 10);
	ring_maker_thread(&maker, 9, 10);
	cr_assert_eq(live_reader_take_marks(taking.reader, &maker.ring, &cursor, &owners), 0);
	for (int i = 0; i < 5000; i++)
		ring_maker_call(&maker, i, 100 + i);
	cr_assert_eq(live_reader_take_marks(taking.reader, &maker.ring, &cursor, &owners), 0);
	cr_assert_eq(live_reader_counts(taking.reader)->events, 0);
	cr_assert_eq(live_reader_take_window(taking.reader, &maker.ring, &cursor, 0, &owners), 0);
	taking_read(&taking);
	cr_assert_gt(taking.events_count, 0);
	cr_assert_eq(taking.events[0].pid, 9);
	cr_assert_eq(taking.events[0].tid, 10);
	cr_assert_eq(live_reader_counts(taking.reader)->lost_full + taking.events_count, 5001);
}

Test(live_read, tells_of_processes_that_calls_have_made)
{
	const uint32_t words = sizeof(struct record_call) / 8;
	uint64_t position;
	struct record_call *call;
	unsigned fork_index = 0;

	while (strcmp(catalogue_builtin.calls[fork_index].name, "fork"))
		cr_assert_lt(++fork_index, catalogue_builtin.calls_count);
	ring_maker_thread(&maker, 7, 8);
	call = (void *)ring_maker_reserve(&maker, words, &position);
	*call = (struct record_call){.enter = 11, .duration = 1, .result = 4711};
	ring_maker_finish(&maker, position, words, RECORD_CALL + fork_index, true);
	cr_assert_eq(take(UINT64_MAX, false), 0);
	cr_assert_eq(taking.seen_count, 1);
	cr_assert_eq(taking.seen[0], 4711);
}

Test(live_read, stays_inside_the_ring_whatever_the_slot_says)
{
	static const uint64_t wild[] = {1, 7, 8, MAKER_RING - 8, MAKER_RING, MAKER_RING + 8, 1ull << 40, UINT64_MAX};
	const size_t count = sizeof(wild) / sizeof(wild[0]);

	for (size_t i = 0; i < count * count; i++) {
		maker.slot->head = maker.slot->reserved = wild[i / count];
		cursor.position = wild[i % count];
		cr_assert_geq(take(UINT64_MAX, i % 2), 0);
		cursor.position = wild[i % count];
		cr_assert_geq(live_reader_take_window(taking.reader, &maker.ring, &cursor, wild[i / count], NULL), 0);
	}
	taking_read(&taking);
}

Test(live_read, believes_no_size_in_a_record, .timeout = 120)
{
	srand(1);
	for (int round = 0; round < 3000; round++) {
		/* stamps that fit, everything else at random */
		uint64_t from = maker.slot->reserved;
		for (int i = 0; i < 64; i++) {
			uint64_t position = from + 8 * (uint64_t)(rand() % (MAKER_RING / 8));
			uint8_t *at = maker.bytes + (position & (MAKER_RING - 1));
			struct record_head head = {record_stamp(position), (uint32_t)rand() >> (rand() % 20 + 11),
						   rand() % 3 ? RECORD_CALL + rand() % 180 : rand() % 16};
			for (int j = 1; j < 20 && (at + 8 * j) < maker.bytes + MAKER_RING; j++)
				at[8 * j + rand() % 8] = (uint8_t)rand();
			memcpy(at, &head, sizeof(head));
		}
		maker.slot->reserved = maker.slot->head = from + MAKER_RING;
		maker.slot->made += (uint64_t)(rand() % 100);
		for (int rc; (rc = take(UINT64_MAX, round % 2)) != 0;)
			cr_assert_eq(rc, LIVE_E_FULL);
		if (round % 64 == 0)
			log_writer_discard(taking.writer);
	}
	taking_read(&taking);
}
