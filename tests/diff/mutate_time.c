// SPDX-License-Identifier: MIT
/*
 * Changes of times: time itself is stretched in places, for everybody alike, so that no cause comes after its effect.
 */
#include "tests/diff/mutate_parts.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

/* At `ticks` and after, until the next knot, a tick takes as long as `rate` ticks. */
struct knot {
	uint64_t ticks;
	double rate;
	double later; /* how much later this knot itself is */
};

struct stretch {
	struct knot *knots; /* rising */
	size_t count;
	double ticks_per_ns;
};

static uint64_t stretch_ticks(const struct stretch *stretch, uint64_t ticks)
{
	size_t low = 0, high = stretch->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (stretch->knots[middle].ticks <= ticks)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return ticks;
	const struct knot *knot = &stretch->knots[low - 1];
	double later = knot->later + (double)(ticks - knot->ticks) * (knot->rate - 1);

	return (uint64_t)((int64_t)ticks + (int64_t)later);
}

static void stretch_event(const struct stretch *stretch, struct event *event)
{
	uint64_t end = stretch_ticks(stretch, event->enter + event->duration);

	event->enter = stretch_ticks(stretch, event->enter);
	event->duration = end - event->enter;
}

/* The clocks went on at their usual speed meanwhile. */
static void stretch_anchor(const struct stretch *stretch, struct log_anchor *anchor)
{
	uint64_t ticks = stretch_ticks(stretch, anchor->ticks);
	int64_t later = (int64_t)((double)(int64_t)(ticks - anchor->ticks) / stretch->ticks_per_ns);

	anchor->ticks = ticks;
	anchor->monotonic += (uint64_t)later;
	anchor->realtime += (uint64_t)later;
}

static void stretch_frame(const struct stretch *stretch, struct draft_frame *frame)
{
	stretch_anchor(stretch, &frame->before);
	stretch_anchor(stretch, &frame->after);
	for (uint32_t i = 0; i < frame->processes_count; i++) {
		frame->processes[i].ticks = stretch_ticks(stretch, frame->processes[i].ticks);
		frame->processes[i].start_time = stretch_ticks(stretch, frame->processes[i].start_time);
	}
	for (uint32_t i = 0; i < frame->threads_count; i++)
		frame->threads[i].ticks = stretch_ticks(stretch, frame->threads[i].ticks);
	for (uint32_t i = 0; i < frame->thread_ends_count; i++)
		frame->thread_ends[i].ticks = stretch_ticks(stretch, frame->thread_ends[i].ticks);
	for (uint32_t i = 0; i < frame->modules_count; i++)
		frame->modules[i].ticks = stretch_ticks(stretch, frame->modules[i].ticks);
	for (uint32_t i = 0; i < frame->unfinished_count; i++)
		stretch_event(stretch, &frame->unfinished[i].event);
}

/* Applies the knots, of which ticks and rates are set. */
static void stretch_draft(struct draft *draft, struct stretch *stretch)
{
	stretch->ticks_per_ns = trace_ticks_per_ns(draft->trace);
	for (size_t i = 1; i < stretch->count; i++) {
		const struct knot *before = &stretch->knots[i - 1];
		stretch->knots[i].later =
			before->later + (double)(stretch->knots[i].ticks - before->ticks) * (before->rate - 1);
	}
	for (size_t i = 0; i < draft->frames_count; i++)
		stretch_frame(stretch, &draft->frames[i]);
	for (size_t i = 0; i < draft->streams_count; i++)
		for (size_t at = 0; at < draft->streams[i].count; at++)
			stretch_event(stretch, &draft->streams[i].events[at]->event);
	draft->end.ticks = stretch_ticks(stretch, draft->end.ticks);
}

/* ---- jitter --------------------------------------------------------------------------------------------------- */

#define PIECES 256u
#define JITTER 0.03

void mutate_times(struct mutate *mutate)
{
	struct draft *draft = mutate->draft;
	uint64_t begin = draft->frames[0].before.ticks, end = draft->frames[draft->frames_count - 1].after.ticks;
	struct stretch stretch = {.count = PIECES};

	stretch.knots = draft_memory(draft, PIECES, sizeof(*stretch.knots));
	for (uint64_t i = 0; i < PIECES; i++) {
		stretch.knots[i].ticks = begin + (uint64_t)((double)(end - begin) * (double)i / PIECES);
		stretch.knots[i].rate = 1 - JITTER + 2 * JITTER * (double)mutate_random(mutate, 1001) / 1000;
	}
	stretch_draft(draft, &stretch);
	snprintf(mutate_note(mutate, NULL, "times")->is, sizeof(mutate->changes->is), "%u pieces", PIECES);
}

/* ---- one sort of call that became slow
 * --------------------------------------------------------------------------------- */

/* Below that many calls, or that long, nobody could tell. */
#define CALLS_MIN    50u
#define DURATION_MIN 5000.0 /* ns */
#define SLOWER	     3

struct timed {
	const struct draft_event *event;
	uint32_t pid;
};

static int compare_sorts(const void *a, const void *b)
{
	const struct timed *left = a, *right = b;
	const struct event *x = &left->event->event, *y = &right->event->event;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	if (x->call != y->call)
		return x->call < y->call ? -1 : 1;
	return x->duration < y->duration ? -1 : x->duration > y->duration;
}

static bool is_same_sort(const struct timed *a, const struct timed *b)
{
	return a->pid == b->pid && a->event->event.call == b->event->event.call;
}

static struct timed *collect_calls(struct draft *draft, size_t *count)
{
	size_t all = 0;
	struct timed *timed;

	for (size_t i = 0; i < draft->streams_count; i++)
		all += draft->streams[i].count;
	timed = draft_memory(draft, all, sizeof(*timed));
	*count = 0;
	for (size_t i = 0; i < draft->streams_count; i++)
		for (size_t at = 0; at < draft->streams[i].count; at++)
			if (call_counts(draft, draft->streams[i].events[at]))
				timed[(*count)++] = (struct timed){draft->streams[i].events[at], draft->streams[i].pid};
	qsort(timed, *count, sizeof(*timed), compare_sorts);
	return timed;
}

static int compare_enter(const void *a, const void *b)
{
	const struct timed *left = a, *right = b;
	uint64_t x = left->event->event.enter, y = right->event->event.enter;

	return x < y ? -1 : x > y;
}

/* Time goes slower while one of the calls runs. */
static void slow_calls(struct mutate *mutate, struct timed *timed, size_t count)
{
	struct stretch stretch = {.knots = draft_memory(mutate->draft, 2 * count, sizeof(*stretch.knots))};
	uint64_t until = 0;

	qsort(timed, count, sizeof(*timed), compare_enter);
	for (size_t i = 0; i < count; i++) {
		uint64_t begin = timed[i].event->event.enter, end = event_end(timed[i].event);
		if (end <= until)
			continue;
		if (begin <= until && stretch.count)
			stretch.count--;
		else
			stretch.knots[stretch.count++] = (struct knot){.ticks = begin, .rate = SLOWER};
		stretch.knots[stretch.count++] = (struct knot){.ticks = until = end, .rate = 1};
	}
	stretch_draft(mutate->draft, &stretch);
}

void mutate_slow(struct mutate *mutate)
{
	size_t count, begin = 0, size = 0;
	struct timed *timed = collect_calls(mutate->draft, &count);
	double least = DURATION_MIN * trace_ticks_per_ns(mutate->draft->trace);
	uint64_t fitting = 0;

	for (size_t first = 0, next; first < count; first = next) {
		for (next = first; next < count && is_same_sort(&timed[first], &timed[next]);)
			next++;
		const struct timed *median = &timed[first + (next - first) / 2];
		if (next - first >= CALLS_MIN && (double)median->event->event.duration >= least &&
		    !mutate_random(mutate, ++fitting)) {
			begin = first;
			size = next - first;
		}
	}
	if (!size)
		return;
	const struct draft_event *median = timed[begin + size / 2].event;
	double ns = (double)median->event.duration / trace_ticks_per_ns(mutate->draft->trace);
	struct change *change = mutate_note(mutate, median, "duration");
	snprintf(change->was, sizeof(change->was), "%zu calls, median %.0f ns", size, ns);
	snprintf(change->is, sizeof(change->is), "%zu calls, median %.0f ns", size, ns * SLOWER);
	slow_calls(mutate, timed + begin, size);
}
