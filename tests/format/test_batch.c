// SPDX-License-Identifier: MIT
/*
 * From raw records through a log to events: nothing is changed on the way, and what does not hold together stays out.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "format/batch.h"
#include "format/log.h"
#include "format/log_writer.h"
#include "tests/format/tape.h"

/* A log in memory with one thread's records from a tape. */
struct fixture {
	struct log_writer *writer;
	struct batch *batch;
	struct log *log;
	uint64_t first;
};

static void fixture_encode(struct fixture *fixture)
{
	struct log_anchor anchor = {1, 2, 3};
	uint32_t count = batch_count(fixture->batch);

	cr_assert_eq(batch_encode(fixture->batch, 10, 11, fixture->first, 0, log_writer_packer(fixture->writer)), 0);
	cr_assert_eq(batch_count(fixture->batch), 0);
	fixture->first += count;
	cr_assert_eq(log_writer_flush(fixture->writer, &anchor, &anchor), 0);
}

static void fixture_write(struct fixture *fixture, const struct tape *tape)
{
	struct log_head head = {.catalogue = &catalogue_builtin};
	struct log_trouble trouble;
	size_t at = 0, size;

	cr_assert_eq(batch_new(&fixture->batch, &catalogue_builtin), 0);
	cr_assert_eq(log_writer_open_memory(&fixture->writer, &head), 0);
	for (const struct record_call *record; (record = tape_next(tape, &at));) {
		size_t bytes = record->head.words * 8ul;
		int error = batch_add(fixture->batch, record, bytes);
		if (error == BATCH_E_FULL) {
			fixture_encode(fixture);
			error = batch_add(fixture->batch, record, bytes);
		}
		cr_assert_eq(error, 0);
	}
	fixture_encode(fixture);
	const void *memory = log_writer_memory(fixture->writer, &size);
	cr_assert_eq(log_open_memory(memory, size, &fixture->log, &trouble), 0, "%s", trouble.text);
}

static void fixture_free(struct fixture *fixture)
{
	log_close(fixture->log);
	log_writer_free(fixture->writer);
	batch_free(fixture->batch);
}

/* Assert that the log holds the tape's records, in order, and return how many. */
static uint64_t fixture_compare(const struct fixture *fixture, const struct tape *tape)
{
	struct frame *frame = NULL;
	uint64_t count = 0;
	size_t at = 0;

	for (size_t i = 0; i < log_frames(fixture->log); i++) {
		cr_assert_eq(log_frame_read(fixture->log, i, &frame), 0, "%s", frame->damage);
		for (uint32_t b = 0; b < frame->batches_count; b++) {
			const struct batch_view *view = &frame->batches[b];
			cr_assert(view->pid == 10 && view->tid == 11 && view->first == count);
			for (uint32_t row = 0; row < view->count; row++, count++) {
				struct event event;
				batch_event(view, row, &event);
				const struct record_call *record = tape_next(tape, &at);
				cr_assert(record && tape_same(record, &event), "event %llu", (unsigned long long)count);
				cr_assert_eq(event.sequence, count);
			}
		}
	}
	cr_assert_null(tape_next(tape, &at));
	frame_free(frame);
	return count;
}

static uint64_t round_trip(const struct tape *tape)
{
	struct fixture fixture = {0};

	fixture_write(&fixture, tape);
	uint64_t count = fixture_compare(&fixture, tape);
	fixture_free(&fixture);
	return count;
}

Test(batch, keeps_random_records_of_every_call)
{
	struct tape tape = {.random = 1};
	uint32_t calls = catalogue_builtin.calls_count;

	for (uint32_t i = 0; i < 20 * calls; i++)
		tape_random_call(&tape, i % calls);
	cr_assert_eq(round_trip(&tape), 20 * calls);
	tape_free(&tape);
}

Test(batch, keeps_long_random_streams_of_one_call)
{
	for (uint32_t call = 0; call < catalogue_builtin.calls_count; call += 37) {
		struct tape tape = {.random = call + 1};
		for (uint32_t i = 0; i < 3000; i++)
			tape_random_call(&tape, call);
		cr_assert_eq(round_trip(&tape), 3000);
		tape_free(&tape);
	}
}

/* Few shapes, one argument or the items varying, two calls mixed: each way of splitting. */
Test(batch, keeps_streams_in_which_single_fields_vary)
{
	for (uint32_t varying = 0; varying < 16; varying++) {
		struct tape tape = {.random = varying + 1, .ticks = 1ull << 40};
		for (uint32_t i = 0; i < 40000; i++) {
			uint32_t number = (uint32_t)(tape_random(&tape) % 2) * 5;
			struct record_call *call = tape_call(&tape, number);
			uint32_t argc = catalogue_builtin.calls[number].argc;
			call->enter = tape.ticks += 50 + tape_random(&tape) % 100;
			call->duration = tape_random(&tape) % 300;
			call->site = 0x1000 + tape_random(&tape) % 3;
			for (uint32_t arg = 0; arg < argc; arg++)
				call->args[arg] = varying >> arg & 1 ? tape_random_any(&tape) : tape_random(&tape) % 2;
			uint64_t payload = varying & 8 ? tape_random(&tape) : 42;
			struct item item = {.form = ITEM_PAYLOAD, .size = 8, .total = 8, .arg = ITEM_NO_ARG};
			if (number)
				tape_item(&tape, item, &payload);
		}
		cr_assert_eq(round_trip(&tape), 40000);
		tape_free(&tape);
	}
}

/* The same few one after the other, until something else comes: at times of another call, or that differs at its end.
 */
Test(batch, keeps_calls_that_follow_one_another_as_before_until_they_do_not)
{
	struct tape tape = {.random = 5, .ticks = 1ull << 40};

	for (uint32_t i = 0; i < 60000; i++) {
		uint32_t turn = i % (2 + i / 7000), other = tape_random(&tape) % 500;
		struct record_call *call = tape_call(&tape, other == 1 ? 7 : 5);
		uint32_t argc = catalogue_builtin.calls[other == 1 ? 7 : 5].argc;
		call->enter = tape.ticks += 50;
		call->site = 0x1000 + turn / 2;
		for (uint32_t arg = 0; arg < argc; arg++)
			call->args[arg] = arg + 1 == argc && other == 2 ? i : turn;
	}
	cr_assert_eq(round_trip(&tape), 60000);
	tape_free(&tape);
}

Test(batch, keeps_calls_that_a_signal_handler_made_inside_others)
{
	struct tape tape = {.random = 3, .ticks = 1ull << 50};

	for (uint32_t i = 0; i < 1000; i++) {
		struct record_call *inner = tape_call(&tape, 1);
		inner->enter = tape.ticks + 100;
		inner->duration = 50;
		struct record_call *outer = tape_call(&tape, 2);
		outer->enter = tape.ticks;
		outer->duration = 400;
		tape.ticks += 500;
	}
	cr_assert_eq(round_trip(&tape), 2000);
	tape_free(&tape);
}

Test(batch, is_full_at_its_limits_and_goes_on_after_encoding)
{
	struct tape tape = {.random = 5};

	for (uint32_t i = 0; i < BATCH_EVENTS_MAX + 10; i++)
		tape_call(&tape, 0)->enter = i;
	for (uint32_t i = 0; i < 9000; i++)
		tape_random_call(&tape, i % catalogue_builtin.calls_count);
	cr_assert_eq(round_trip(&tape), BATCH_EVENTS_MAX + 10 + 9000);
	tape_free(&tape);
}

Test(batch, refuses_records_that_do_not_hold_together)
{
	struct tape tape = {.random = 7};
	struct batch *batch;

	cr_assert_eq(batch_new(&batch, &catalogue_builtin), 0);
	for (uint32_t round = 0; round < 20000; round++) {
		tape.used = 0;
		tape_random_call(&tape, (uint32_t)(tape_random(&tape) % catalogue_builtin.calls_count));
		size_t bytes = tape.used * 8;
		uint64_t *word = &tape.words[tape_random(&tape) % tape.used];
		*word ^= 1ull << tape_random(&tape) % 64;
		/* a copy of exactly this size, so that reading beyond it is noticed by the sanitizer */
		void *exact = malloc(bytes);
		cr_assert_not_null(exact);
		memcpy(exact, tape.words, bytes);
		uint32_t count = batch_count(batch);
		int error = batch_add(batch, exact, bytes);
		free(exact);
		if (error == BATCH_E_FULL) {
			msgpack_sbuffer sink;
			msgpack_packer packer;
			msgpack_sbuffer_init(&sink);
			msgpack_packer_init(&packer, &sink, msgpack_sbuffer_write);
			cr_assert_eq(batch_encode(batch, 1, 1, 0, 0, &packer), 0);
			msgpack_sbuffer_destroy(&sink);
			continue;
		}
		cr_assert(error == 0 || error == BATCH_E_INVALID);
		cr_assert_eq(batch_count(batch), count + !error);
	}
	batch_free(batch);
	tape_free(&tape);
}

Test(batch, refuses_impossible_heads)
{
	struct record_call record = {.head = {.type = RECORD_CALL, .words = 5}};
	struct batch *batch;

	cr_assert_eq(batch_new(&batch, &catalogue_builtin), 0);
	cr_assert_eq(batch_add(batch, &record, 8), BATCH_E_INVALID);
	record.head.words = 0;
	cr_assert_eq(batch_add(batch, &record, sizeof(record)), BATCH_E_INVALID);
	record.head.words = 0xfffff;
	cr_assert_eq(batch_add(batch, &record, sizeof(record)), BATCH_E_INVALID);
	record.head.words = 5;
	record.head.type = RECORD_STACK;
	cr_assert_eq(batch_add(batch, &record, sizeof(record)), BATCH_E_INVALID);
	record.head.type = 0xfff;
	cr_assert_eq(batch_add(batch, &record, sizeof(record)), BATCH_E_INVALID);
	cr_assert_eq(batch_count(batch), 0);
	batch_free(batch);
}

static int packer_refuse(void *data, const char *bytes, size_t size)
{
	return -1;
}

Test(batch, stays_as_it_is_when_the_packer_refuses)
{
	struct tape tape = {.random = 9};
	struct batch *batch;
	msgpack_packer packer;
	size_t at = 0;

	for (uint32_t i = 0; i < 500; i++)
		tape_random_call(&tape, i % catalogue_builtin.calls_count);
	cr_assert_eq(batch_new(&batch, &catalogue_builtin), 0);
	for (const struct record_call *record; (record = tape_next(&tape, &at));)
		cr_assert_eq(batch_add(batch, record, record->head.words * 8ul), 0);
	msgpack_packer_init(&packer, NULL, packer_refuse);
	cr_assert_lt(batch_encode(batch, 1, 1, 0, 0, &packer), 0);
	cr_assert_eq(batch_count(batch), 500);
	batch_free(batch);
	tape_free(&tape);
}
