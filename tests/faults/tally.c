// SPDX-License-Identifier: MIT
/*
 * What a trace has of the calls that load.c made: one line a thread, "PID TID EVENTS DISTINCT FIRST LAST LOST", and one
 * of the whole, "total EVENTS LOST MISSING DAMAGED CLOSED". Only the calls of shutdown are looked at, by their number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/trace.h"

#define NUMBERS_MAX (1ull << 31)

struct tally {
	uint32_t pid, tid;
	uint64_t events, distinct, first, last;
	uint64_t *seen; /* a bit for each number */
	uint64_t words;
};

static struct tally *tallies;
static size_t count;

static struct tally *tally_find(uint32_t pid, uint32_t tid)
{
	static size_t last;

	if (last < count && tallies[last].pid == pid && tallies[last].tid == tid)
		return &tallies[last];
	for (last = 0; last < count; last++)
		if (tallies[last].pid == pid && tallies[last].tid == tid)
			return &tallies[last];
	tallies = realloc(tallies, (count + 1) * sizeof(*tallies));
	if (!tallies)
		abort();
	tallies[count] = (struct tally){.pid = pid, .tid = tid, .first = UINT64_MAX};
	return &tallies[count++];
}

static void number_note(struct tally *tally, uint64_t number)
{
	uint64_t word = number / 64, bit = 1ull << number % 64;

	if (number >= NUMBERS_MAX)
		abort();
	if (word >= tally->words) {
		uint64_t words = word * 2 + 1024;
		tally->seen = realloc(tally->seen, words * 8);
		if (!tally->seen)
			abort();
		memset(tally->seen + tally->words, 0, (words - tally->words) * 8);
		tally->words = words;
	}
	tally->events++;
	tally->distinct += !(tally->seen[word] & bit);
	tally->seen[word] |= bit;
	tally->first = number < tally->first ? number : tally->first;
	tally->last = number > tally->last ? number : tally->last;
}

static void frame_note(const struct frame *frame)
{
	struct event event;

	for (uint32_t i = 0; i < frame->batches_count; i++)
		for (uint32_t row = 0; row < frame->batches[i].count; row++) {
			batch_event(&frame->batches[i], row, &event);
			if (!strcmp(event.call->name, "shutdown"))
				number_note(tally_find(event.pid, event.tid), event.args[1] & 0xffffffff);
		}
}

static uint64_t thread_lost(const struct trace *trace, const struct tally *tally)
{
	size_t threads;
	const struct trace_thread *thread = trace_threads(trace, &threads);
	uint64_t lost = 0;

	for (size_t i = 0; i < threads; i++)
		if (thread[i].seen.pid == tally->pid && thread[i].seen.tid == tally->tid)
			lost += thread[i].lost;
	return lost;
}

static void say(struct trace *trace)
{
	const struct trace_loss *loss = trace_loss(trace);
	const struct object_end *end = &loss->end;
	uint64_t account = end->lost_full + end->lost_without_slot + end->lost_write + end->lost_invalid;

	for (size_t i = 0; i < count; i++)
		printf("%u %u %lu %lu %lu %lu %lu\n", tallies[i].pid, tallies[i].tid, tallies[i].events,
		       tallies[i].distinct, tallies[i].first, tallies[i].last, thread_lost(trace, &tallies[i]));
	printf("total %lu %lu %lu %lu %d\n", loss->events, loss->is_closed ? account : loss->lost, loss->lost_uncounted,
	       loss->damaged_frames + loss->damage_regions, loss->is_closed);
}

int main(int argc, char **argv)
{
	const struct trace_opening opening = {.unordered = true};
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct trace *trace;

	if (argc != 2 || trace_open(&trace, argv[1], &opening, &trouble)) {
		fprintf(stderr, "%s\n", argc == 2 ? trouble.text : "usage: tally TRACE");
		return 2;
	}
	for (size_t i = 0; i < trace_frames(trace); i++)
		if (!trace_frame_read(trace, i, &frame))
			frame_note(frame);
	say(trace);
	frame_free(frame);
	trace_close(trace);
	return 0;
}
