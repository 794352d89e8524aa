// SPDX-License-Identifier: MIT
/*
 * Room in a ring, as one thread and the signal handlers that interrupt it take it and give it back.
 */
#include <pthread.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "tests/trace/ring_maker.h"
#include "trace/stream.h"

static struct ring_maker maker;
static struct live_control control;
static const struct live_view view = {.control = &control, .ring_size = MAKER_RING};

static void set_up(void)
{
	ring_maker_init(&maker);
	maker.slot->limit = MAKER_RING;
	control.full_policy = FULL_DROP;
}

static void tear_down(void)
{
	ring_maker_free(&maker);
}

TestSuite(stream, .init = set_up, .fini = tear_down);

/* A record that might have needed `most` words, and needed `used`. */
static struct stream_room record_make(uint32_t most, uint32_t used)
{
	struct stream_room room = stream_reserve(&view, maker.slot, most);

	if (room.at)
		stream_publish(maker.slot, &room, most, used, RECORD_THREAD_END);
	return room;
}

static struct record_head head_at(uint64_t position)
{
	return *(const struct record_head *)(maker.bytes + (position & (MAKER_RING - 1)));
}

static void expect_head(uint64_t position, uint32_t words, uint32_t type)
{
	cr_expect_eq(head_at(position).stamp, record_stamp(position));
	cr_expect_eq(head_at(position).words, words);
	cr_expect_eq(head_at(position).type, type);
}

Test(stream, gives_back_what_a_record_did_not_need)
{
	record_make(500, 10);
	cr_expect_eq(maker.slot->reserved, 80);
	cr_expect_eq(maker.slot->head, 80);
	expect_head(0, 10, RECORD_THREAD_END);
}

Test(stream, holds_as_many_records_as_are_short)
{
	for (unsigned i = 0; i < 700; i++)
		record_make(500, 10);
	cr_expect_eq(maker.slot->lost, 0);
	cr_expect_eq(maker.slot->head, 700 * 80);
}

Test(stream, pads_what_a_handler_has_written_behind)
{
	struct stream_room outer = stream_reserve(&view, maker.slot, 500);

	record_make(300, 20);
	cr_expect_eq(maker.slot->head, 0);
	stream_publish(maker.slot, &outer, 500, 10, RECORD_THREAD_BEGIN);
	cr_expect_eq(maker.slot->head, 4160);
	cr_expect_eq(maker.slot->reserved, 4160);
	expect_head(0, 10, RECORD_THREAD_BEGIN);
	expect_head(80, 490, RECORD_PAD);
	expect_head(4000, 20, RECORD_THREAD_END);
}

Test(stream, gives_nothing_back_that_has_been_published_without_the_record)
{
	struct stream_room outer = stream_reserve(&view, maker.slot, 500);

	stream_publish_all(maker.slot);
	stream_publish(maker.slot, &outer, 500, 10, RECORD_THREAD_BEGIN);
	cr_expect_eq(maker.slot->reserved, 4000);
	expect_head(80, 490, RECORD_PAD);
}

/* How the collector sleeps after a record, when it slept as `how` and the ring holds `bytes` then. */
static uint32_t sleep_after(enum collector_sleep how, uint64_t bytes)
{
	control.collector_sleep = how;
	maker.slot->reserved = maker.slot->head = bytes - 80;
	maker.slot->limit = 0;
	record_make(10, 10);
	return control.collector_sleep;
}

Test(stream, wakes_a_sleeping_collector_when_more_than_half_of_a_ring_is_full)
{
	cr_expect_eq(sleep_after(COLLECTOR_ASLEEP, MAKER_RING / 2), COLLECTOR_ASLEEP);
	cr_expect_eq(sleep_after(COLLECTOR_ASLEEP, MAKER_RING / 2 + 80), COLLECTOR_AWAKE);
	cr_expect_eq(maker.slot->limit, MAKER_RING - MAKER_RING / 8);
}

Test(stream, wakes_a_dozing_collector_when_it_is_late)
{
	cr_expect_eq(sleep_after(COLLECTOR_DOZES, MAKER_RING - MAKER_RING / 8), COLLECTOR_DOZES);
	cr_expect_eq(sleep_after(COLLECTOR_DOZES, MAKER_RING - MAKER_RING / 8 + 80), COLLECTOR_AWAKE);
	cr_expect_eq(maker.slot->limit, MAKER_RING);
}

/* A view of one slot, which is not to be had. */
static struct live_view claimed_view(enum full_policy policy)
{
	control.full_policy = policy;
	control.collector_state = COLLECTOR_RUNNING;
	control.slots_ready = 1;
	maker.slot->owner = 0;
	return (struct live_view){
		.control = &control, .slots = (uint8_t *)maker.slot, .slots_count = 1, .ring_size = MAKER_RING};
}

static void *list_late(void *unused)
{
	usleep(900000);
	live_slot_list(&control, 0);
	return NULL;
}

Test(stream, waits_for_a_slot_as_long_as_there_can_be_one)
{
	struct live_view one = claimed_view(FULL_WAIT);
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, list_late, NULL), 0);
	cr_expect_eq(stream_claim(&one, 7, 8, 1), maker.slot);
	pthread_join(thread, NULL);
}

Test(stream, waits_half_a_second_for_a_slot_where_calls_may_be_lost)
{
	struct live_view one = claimed_view(FULL_DROP);

	cr_expect_null(stream_claim(&one, 7, 8, 1));
}

Test(stream, waits_half_a_second_for_a_slot_where_no_more_can_be_made)
{
	struct live_view one = claimed_view(FULL_WAIT);

	control.slots_denied = 1;
	cr_expect_null(stream_claim(&one, 7, 8, 1));
}
