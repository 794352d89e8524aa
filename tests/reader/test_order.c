// SPDX-License-Identifier: MIT
/*
 * Order of time over threads, frames and calls that wait long. Logs are written by the writer into files.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "format/batch.h"
#include "format/log_writer.h"
#include "format/object.h"
#include "reader/order.h"
#include "reader/trace.h"

static char path[] = "/tmp/test_order.XXXXXX";
static int fd = -1;
static struct log_writer *writer;
static struct batch *batch;
static const struct log_head head = {.tool_version = "0", .catalogue = &catalogue_builtin};

static void set_up(void)
{
	fd = mkstemp(path);
	cr_assert(fd >= 0);
	cr_assert(eq(int, log_writer_open(&writer, fd, &head), 0));
	cr_assert(eq(int, batch_new(&batch, &catalogue_builtin), 0));
}

static void tear_down(void)
{
	log_writer_free(writer);
	batch_free(batch);
	close(fd);
	unlink(path);
}

TestSuite(order, .init = set_up, .fini = tear_down);

/* Calls to the first row of the catalogue, told apart by their result. */
static void add_call(uint64_t enter, uint64_t duration, int64_t result)
{
	const unsigned argc = catalogue_builtin.calls[0].argc;
	struct {
		struct record_call call;
		uint64_t args[CALL_ARGS_MAX];
	} record = {{.head = {.words = sizeof(struct record_call) / 8 + argc, .type = RECORD_CALL},
		     .enter = enter,
		     .duration = duration,
		     .result = result}};

	cr_assert(eq(int, batch_add(batch, &record.call, sizeof(struct record_call) + argc * 8), 0));
}

static void end_batch(uint32_t tid, uint64_t first)
{
	cr_assert(eq(int, batch_encode(batch, 1, tid, first, 0, log_writer_packer(writer)), 0));
}

static void end_frame(uint64_t before, uint64_t after)
{
	const struct log_anchor from = {before, before, before + 1000000}, to = {after, after, after + 1000000};

	cr_assert(eq(int, log_writer_flush(writer, &from, &to), 0));
}

/* The same for those who take many events at once. */
static void expect_rising_rows(struct trace *trace, int64_t count)
{
	struct trace_entry entry;
	struct event event;
	int64_t seen = 0;
	uint32_t rows;

	for (uint32_t most = 1; trace_next_rows(trace, &entry, most, &rows) == 0; most = most % 7 + 1) {
		cr_assert(rows >= 1 && rows <= most && (rows == 1 || entry.batch));
		for (uint32_t i = 0; entry.kind == TRACE_EVENT && entry.batch && i < rows; i++) {
			batch_event(entry.batch, entry.row + i, &event);
			cr_assert(eq(i64, event.result, seen++));
		}
		if (entry.kind == TRACE_EVENT && !entry.batch)
			cr_assert(eq(i64, entry.event->result, seen++));
	}
	cr_assert(eq(i64, seen, count));
}

/* Goes through the trace; asserts that results are 0, 1, 2, ... and returns how many there were. */
static int64_t expect_rising(const struct trace_opening *opening)
{
	struct log_trouble trouble;
	struct trace_entry entry;
	struct trace *trace;
	int64_t count = 0;
	int rc;

	cr_assert(eq(int, trace_open(&trace, path, opening, &trouble), 0), "%s", trouble.text);
	while ((rc = trace_next(trace, &entry)) == 0)
		if (entry.kind == TRACE_EVENT)
			cr_assert(eq(i64, entry.event->result, count++));
	cr_assert(eq(int, rc, TRACE_E_END));
	if (!opening) {
		cr_assert(eq(int, trace_rewind(trace), 0));
		expect_rising_rows(trace, count);
	}
	trace_close(trace);
	return count;
}

Test(order, threads_of_a_frame_are_merged)
{
	add_call(10, 5, 0);
	add_call(30, 5, 2);
	add_call(50, 5, 4);
	end_batch(1, 0);
	add_call(20, 5, 1);
	add_call(40, 5, 3);
	end_batch(2, 0);
	end_frame(0, 100);
	cr_assert(eq(i64, expect_rising(NULL), 5));
}

Test(order, a_call_that_waited_over_frames_stands_where_it_began)
{
	add_call(10, 5, 0);
	add_call(30, 5, 2);
	end_batch(1, 0);
	end_frame(0, 100);
	for (uint64_t i = 0; i < 8; i++) {
		add_call(100 + 100 * i + 10, 5, 3 + (int64_t)i);
		end_batch(1, 2 + i);
		end_frame(100 + 100 * i, 200 + 100 * i);
	}
	add_call(20, 900, 1);
	end_batch(2, 0);
	add_call(1000, 5, 11);
	end_batch(1, 10);
	end_frame(900, 1100);
	cr_assert(eq(i64, expect_rising(NULL), 12));
}

Test(order, a_call_inside_another_comes_after_it)
{
	add_call(20, 5, 1);
	add_call(10, 50, 0);
	add_call(70, 5, 2);
	end_batch(1, 0);
	end_frame(0, 100);
	cr_assert(eq(i64, expect_rising(NULL), 3));
}

Test(order, a_thread_drained_late_is_put_in_its_place)
{
	for (uint64_t i = 0; i < 2000; i++)
		add_call(10 * (2 * i), 5, (int64_t)(2 * i));
	end_batch(1, 0);
	end_frame(0, 40000);
	for (uint64_t i = 0; i < 2000; i++)
		add_call(10 * (2 * i + 1), 5, (int64_t)(2 * i + 1));
	end_batch(2, 0);
	end_frame(40000, 80000);
	cr_assert(eq(i64, expect_rising(NULL), 4000));
}

Test(order, a_long_call_that_ends_first_in_a_frame_holds_up_nothing_behind_it)
{
	/* The second frame's first end is that of a call from long ago; the third frame begins before what else it has.
	 */
	add_call(10, 5, 0);
	add_call(120, 5, 2);
	end_batch(1, 0);
	end_frame(0, 200);
	add_call(12, 190, 1);
	add_call(290, 5, 4);
	end_batch(2, 0);
	end_frame(200, 300);
	add_call(205, 115, 3);
	end_batch(3, 0);
	add_call(310, 5, 5);
	end_batch(1, 2);
	end_frame(300, 400);
	cr_assert(eq(i64, expect_rising(NULL), 6));
}

static int read_log(void *source, size_t index, struct frame **frame)
{
	return log_frame_read(source, index, frame);
}

/* Goes through `order`: time only rises, and there are `count` events. */
static void expect_order(struct order *order, uint64_t count)
{
	struct trace_entry entry;
	uint64_t last = 0;
	uint32_t rows;

	cr_assert(eq(int, order_start(order), 0));
	for (uint64_t i = 0; i < count; i++) {
		cr_assert(eq(int, order_next(order, &entry, 1, &rows), 0));
		cr_assert(gt(u64, entry.ticks, last));
		last = entry.ticks;
	}
	cr_assert(eq(int, order_next(order, &entry, 1, &rows), TRACE_E_END));
}

Test(order, of_calls_that_waited_too_many_to_be_kept_are_found_again)
{
	const uint64_t frames = 40000;
	struct order order = {.read = read_log, .stragglers.bytes_max = 30000};
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;

	/* four threads whose calls last from three frames before to this one, and one whose call lasts all the time */
	for (uint64_t i = 0; i < frames; i++) {
		uint64_t base = 100 * i;
		add_call(base + 50, 5, 0);
		end_batch(1, i);
		add_call(i < 3 ? base + 60 : base - 260, i < 3 ? 5 : 330, 0);
		end_batch(2 + (uint32_t)(i % 4), i / 4);
		if (i == frames - 1) {
			add_call(1, base, 0);
			end_batch(9, 0);
		}
		end_frame(base, base + 99);
	}
	cr_assert(eq(int, log_open(path, &log, &trouble), 0));
	order.source = log;
	for (size_t i = 0; i < log_frames(log); i++) {
		cr_assert(eq(int, log_frame_read(log, i, &frame), 0));
		cr_assert(eq(int, order_survey(&order, i, frame), 0));
	}
	cr_assert(stragglers_have_more(&order.stragglers));
	/* twice: the second time begins where the first one ended */
	expect_order(&order, 2 * frames + 1);
	expect_order(&order, 2 * frames + 1);
	order_clear(&order);
	frame_free(frame);
	log_close(log);
}

Test(order, events_around_the_border_of_frames_are_interleaved)
{
	/* Thread 1 was drained before thread 2 in each pass: its events of the meantime are in the next frame. */
	int64_t result = 0;

	for (uint64_t frame = 0; frame < 50; frame++) {
		uint64_t base = 1000 * frame;
		for (uint64_t i = frame ? 0 : 2; i < 8; i++)
			add_call(base + 100 * i - 200, 5, (int64_t)(16 * frame + 2 * i) - 4);
		end_batch(1, frame ? 6 + 8 * (frame - 1) : 0);
		for (uint64_t i = 0; i < 8; i++)
			result++;
		end_frame(base, base + 1000);
	}
	cr_assert(result == 400);
	/* One thread only: every second number is missing, so only the order itself is looked at. */
	struct log_trouble trouble;
	struct trace_entry entry;
	struct trace *trace;
	int64_t last = -1;
	cr_assert(eq(int, trace_open(&trace, path, NULL, &trouble), 0));
	while (trace_next(trace, &entry) == 0) {
		cr_assert(entry.event->result > last);
		last = entry.event->result;
	}
	trace_close(trace);
}

Test(order, unfinished_calls_stand_where_they_began)
{
	struct live_in_flight call = {.enter = 20, .type = RECORD_CALL, .argc = catalogue_builtin.calls[0].argc};
	struct log_trouble trouble;
	struct trace_entry entry;
	struct trace *trace;

	add_call(10, 5, 0);
	add_call(30, 5, 1);
	end_batch(1, 0);
	object_pack_unfinished(log_writer_packer(writer), &catalogue_builtin, 1, 3, &call, NULL);
	end_frame(0, 100);
	cr_assert(eq(int, trace_open(&trace, path, NULL, &trouble), 0));
	cr_assert(trace_next(trace, &entry) == 0 && entry.ticks == 10);
	cr_assert(trace_next(trace, &entry) == 0 && entry.ticks == 20);
	cr_expect(eq(int, entry.event->outcome, OUTCOME_UNFINISHED));
	cr_assert(trace_next(trace, &entry) == 0 && entry.ticks == 30);
	cr_assert(eq(int, trace_next(trace, &entry), TRACE_E_END));
	trace_close(trace);
}

Test(order, going_back_to_the_beginning_gives_the_same_again)
{
	struct log_trouble trouble;
	struct trace_entry entry;
	struct trace *trace;
	int first = 0, second = 0;

	for (uint64_t i = 0; i < 100; i++)
		add_call(10 * i, 5, (int64_t)i);
	end_batch(1, 0);
	end_frame(0, 1000);
	cr_assert(eq(int, trace_open(&trace, path, NULL, &trouble), 0));
	while (first < 60 && trace_next(trace, &entry) == 0)
		first++;
	cr_assert(eq(int, trace_rewind(trace), 0));
	while (trace_next(trace, &entry) == 0)
		cr_assert(eq(i64, entry.event->result, second++));
	cr_assert(eq(int, second, 100));
	trace_close(trace);
}

Test(order, following_ends_with_the_end_of_the_log)
{
	const struct trace_opening opening = {.follow = true};
	struct object_end end = {.ticks = 200, .events = 2};

	add_call(10, 5, 0);
	end_batch(1, 0);
	end_frame(0, 100);
	add_call(110, 5, 1);
	end_batch(1, 1);
	cr_assert(eq(int, object_pack_end(log_writer_packer(writer), &end), 0));
	end_frame(100, 200);
	cr_assert(eq(i64, expect_rising(&opening), 2));
}

Test(order, holes_in_the_numbers_of_a_thread_are_counted)
{
	struct log_trouble trouble;
	struct trace *trace;

	add_call(10, 5, 0);
	end_batch(1, 0);
	add_call(20, 5, 1);
	end_batch(1, 8);
	end_frame(0, 100);
	cr_assert(eq(int, trace_open(&trace, path, NULL, &trouble), 0));
	cr_expect(eq(u64, trace_loss(trace)->lost_uncounted, 7));
	cr_expect(eq(u64, trace_loss(trace)->events, 2));
	trace_close(trace);
}

Test(order, a_log_without_calls_has_none)
{
	end_frame(0, 100);
	cr_assert(eq(i64, expect_rising(NULL), 0));
}
