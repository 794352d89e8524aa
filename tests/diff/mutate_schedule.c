// SPDX-License-Identifier: MIT
/*
 * What another schedule would have done: other turns of independent calls, other workers for the same work.
 */
#include "tests/diff/mutate_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- turns ------------------------------------------------------------------------------------------------------ */

struct turn {
	struct draft_event *event;
	size_t at; /* in its row */
};

static int compare_turns(const void *a, const void *b)
{
	const struct turn *left = a, *right = b;
	uint64_t x = left->event->event.enter, y = right->event->event.enter;

	return x < y ? -1 : x > y;
}

static struct turn *collect_turns(struct draft *draft, size_t *count)
{
	struct turn *turns;

	*count = 0;
	for (size_t i = 0; i < draft->streams_count; i++)
		*count += draft->streams[i].count;
	turns = draft_memory(draft, *count, sizeof(*turns));
	*count = 0;
	for (size_t i = 0; i < draft->streams_count; i++)
		for (size_t at = 0; at < draft->streams[i].count; at++)
			turns[(*count)++] = (struct turn){draft->streams[i].events[at], at};
	qsort(turns, *count, sizeof(*turns), compare_turns);
	return turns;
}

static bool is_independent(const struct draft *draft, const struct draft_event *event)
{
	return call_counts(draft, event) && !call_makes(&event->event) && !call_ends(&event->event);
}

/* Whether it makes no difference to either which of them comes first. */
static bool is_free_pair(const struct draft *draft, const struct draft_event *a, const struct draft_event *b)
{
	return a->stream != b->stream && a->object != b->object && draft->objects[a->object].peer != b->object &&
	       draft->objects[b->object].peer != a->object && is_independent(draft, a) && is_independent(draft, b) &&
	       a->event.enter < b->event.enter;
}

/* The second could have been entered when the first was: its thread did nothing else then. */
static bool may_come_earlier(const struct draft *draft, const struct turn *first, const struct turn *second)
{
	const struct draft_stream *stream = &draft->streams[second->event->stream];
	const struct draft_event *before = second->at ? stream->events[second->at - 1] : NULL;
	uint64_t free_from = before ? event_end(before) : stream->begin ? stream->begin->ticks : UINT64_MAX;

	return free_from <= first->event->event.enter && first->event->event.duration > 1;
}

/* The first could have been entered just after the second: it waited, and gave nothing that somebody waited for. */
static bool may_come_later(const struct turn *first, const struct turn *second)
{
	const struct event *event = &first->event->event;

	return call_payload(event) && !call_sends(event) && event_end(first->event) > second->event->event.enter + 1;
}

/* All calls return when they did. */
static bool swap_turns(const struct draft *draft, struct turn *first, struct turn *second)
{
	struct event *a = &first->event->event, *b = &second->event->event;
	uint64_t a_end = event_end(first->event), b_end = event_end(second->event);
	struct turn was = *first;

	if (may_come_earlier(draft, first, second)) {
		b->enter = a->enter;
		a->enter++;
	} else if (may_come_later(first, second)) {
		a->enter = b->enter + 1;
	} else {
		return false;
	}
	a->duration = a_end - a->enter;
	b->duration = b_end - b->enter;
	*first = *second;
	*second = was;
	return true;
}

void mutate_interleaving(struct mutate *mutate)
{
	size_t count, swapped = 0;
	struct turn *turns = collect_turns(mutate->draft, &count);

	for (size_t i = 0; i + 1 < count; i++)
		if (is_free_pair(mutate->draft, turns[i].event, turns[i + 1].event) && mutate_random(mutate, 2))
			swapped += swap_turns(mutate->draft, &turns[i], &turns[i + 1]);
	if (swapped)
		snprintf(mutate_note(mutate, NULL, "order")->is, sizeof(mutate->changes->is), "%zu swapped", swapped);
}

/* ---- workers ---------------------------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* What sorts of calls a thread makes: the calls with their flags and plain numbers, each once, sorted. */
static uint64_t *collect_sorts(struct draft *draft, const struct draft_stream *stream, size_t *count)
{
	uint64_t *sorts = draft_memory(draft, stream->count, sizeof(*sorts));

	*count = 0;
	for (size_t at = 0; at < stream->count; at++) {
		const struct event *event = &stream->events[at]->event;
		uint64_t hash = map_hash(0, &event->call, sizeof(event->call));
		for (unsigned arg = 0; arg < event->call->argc; arg++) {
			struct value_spec value = call_value(event, arg);
			bool is_plain = value.kind == KIND_FLAGS || value.kind == KIND_ENUM || value.kind == KIND_INT;
			if (is_plain && !value.direction)
				hash = map_hash(hash, &event->args[arg], sizeof(event->args[arg]));
		}
		sorts[at] = hash;
	}
	qsort(sorts, stream->count, sizeof(*sorts), compare_numbers);
	for (size_t at = 0; at < stream->count; at++)
		if (!*count || sorts[*count - 1] != sorts[at])
			sorts[(*count)++] = sorts[at];
	return sorts;
}

static bool contains(const uint64_t *sorts, size_t count, const uint64_t *others, size_t others_count)
{
	for (size_t i = 0, at = 0; i < others_count; i++) {
		while (at < count && sorts[at] < others[i])
			at++;
		if (at == count || sorts[at] != others[i])
			return false;
	}
	return true;
}

/* One of them may have got so little to do that it did not get to everything. */
static bool make_same_calls(struct draft *draft, const struct draft_stream *a, const struct draft_stream *b)
{
	size_t a_count, b_count;
	const uint64_t *a_sorts = collect_sorts(draft, a, &a_count), *b_sorts = collect_sorts(draft, b, &b_count);

	return contains(a_sorts, a_count, b_sorts, b_count) || contains(b_sorts, b_count, a_sorts, a_count);
}

static const struct frame_process *find_process(const struct draft *draft, uint32_t pid, size_t *images)
{
	const struct frame_process *found = NULL;

	*images = 0;
	for (size_t i = 0; i < draft->frames_count; i++) {
		for (uint32_t at = 0; at < draft->frames[i].processes_count; at++) {
			if (draft->frames[i].processes[at].pid != pid)
				continue;
			found = &draft->frames[i].processes[at];
			++*images;
		}
	}
	return found;
}

static bool has_one_thread(const struct draft *draft, uint32_t pid)
{
	size_t threads = 0;

	for (size_t i = 0; i < draft->streams_count; i++)
		threads += draft->streams[i].pid == pid;
	return threads == 1;
}

/* When the process called what made its child; a child may begin to run much later. 0 when that is not in the log. */
static uint64_t find_fork(const struct draft *draft, uint32_t parent, uint32_t child)
{
	for (size_t i = 0; i < draft->streams_count; i++) {
		const struct draft_stream *stream = &draft->streams[i];
		for (size_t at = 0; stream->pid == parent && at < stream->count; at++) {
			const struct event *event = &stream->events[at]->event;
			if (event->call->result.identity == IDENTITY_NEW && event->call->result.kind == KIND_PID &&
			    event->result == child)
				return event->enter;
		}
	}
	return 0;
}

/* Whether a process made or closed nothing between two moments: children forked then have inherited the same. */
static bool kept_everything(const struct draft *draft, uint32_t pid, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < draft->streams_count; i++) {
		const struct draft_stream *stream = &draft->streams[i];
		for (size_t at = 0; stream->pid == pid && at < stream->count; at++) {
			const struct event *event = &stream->events[at]->event;
			bool is_between = event_end(stream->events[at]) >= from && event->enter <= to;
			if (is_between && strcmp(event->call->family, "process") &&
			    (call_makes(event) || call_ends(event)))
				return false;
		}
	}
	return true;
}

static bool are_sibling_processes(const struct draft *draft, const struct draft_stream *a, const struct draft_stream *b)
{
	size_t a_images, b_images;
	const struct frame_process *x = find_process(draft, a->pid, &a_images);
	const struct frame_process *y = find_process(draft, b->pid, &b_images);

	if (a_images != 1 || b_images != 1 || x->parent != y->parent || x->origin != PROCESS_FORK ||
	    y->origin != PROCESS_FORK || !has_one_thread(draft, a->pid) || !has_one_thread(draft, b->pid))
		return false;
	uint64_t x_fork = find_fork(draft, x->parent, x->pid), y_fork = find_fork(draft, x->parent, y->pid);
	return x_fork && y_fork &&
	       kept_everything(draft, x->parent, x_fork < y_fork ? x_fork : y_fork, x_fork < y_fork ? y_fork : x_fork);
}

static bool are_sibling_threads(const struct draft_stream *a, const struct draft_stream *b)
{
	return a->pid == b->pid && a->begin->ordinal && b->begin->ordinal && a->begin->creator == b->begin->creator &&
	       a->begin->start == b->begin->start;
}

/* Whether one could have done what the other did: both were there before either began to work, and do the same sorts.
 */
static bool may_swap(struct draft *draft, const struct draft_stream *a, const struct draft_stream *b)
{
	if (!a->begin || !b->begin || !a->end != !b->end || !a->count || !b->count)
		return false;
	if (!are_sibling_threads(a, b) && !are_sibling_processes(draft, a, b))
		return false;
	return event_end(a->events[0]) > b->begin->ticks && event_end(b->events[0]) > a->begin->ticks &&
	       make_same_calls(draft, a, b);
}

/* The first call may have begun before the one who makes it now: then it waited less. */
static void take_over(struct draft *draft, uint32_t number)
{
	struct draft_stream *stream = &draft->streams[number];
	struct event *first = &stream->events[0]->event;

	for (size_t at = 0; at < stream->count; at++) {
		stream->events[at]->stream = number;
		stream->events[at]->event.pid = stream->pid;
		stream->events[at]->event.tid = stream->tid;
	}
	if (first->enter <= stream->begin->ticks) {
		first->duration -= stream->begin->ticks + 1 - first->enter;
		first->enter = stream->begin->ticks + 1;
	}
}

/* Their stacks were seen where the calls were made. */
static void swap_stacks(struct draft *draft, uint32_t a, uint32_t b)
{
	for (size_t i = 0; i < draft->frames_count; i++) {
		for (uint32_t at = 0; at < draft->frames[i].stacks_count; at++) {
			struct frame_stack *stack = &draft->frames[i].stacks[at];
			stack->pid = stack->pid == a ? b : stack->pid == b ? a : stack->pid;
		}
	}
}

static void swap_work(struct draft *draft, uint32_t a, uint32_t b)
{
	struct draft_stream *x = &draft->streams[a], *y = &draft->streams[b], was = *x;

	if (x->end) {
		uint64_t ticks = x->end->ticks;
		x->end->ticks = y->end->ticks;
		y->end->ticks = ticks;
	}
	x->events = y->events;
	x->count = y->count;
	x->room = y->room;
	y->events = was.events;
	y->count = was.count;
	y->room = was.room;
	take_over(draft, a);
	take_over(draft, b);
	if (x->pid != y->pid)
		swap_stacks(draft, x->pid, y->pid);
}

void mutate_workers(struct mutate *mutate)
{
	struct draft *draft = mutate->draft;
	uint64_t fitting = 0;
	uint32_t pair[2] = {0, 0};

	for (uint32_t a = 0; a < draft->streams_count; a++) {
		for (uint32_t b = a + 1; b < draft->streams_count; b++) {
			if (!may_swap(draft, &draft->streams[a], &draft->streams[b]) ||
			    mutate_random(mutate, ++fitting))
				continue;
			pair[0] = a;
			pair[1] = b;
		}
	}
	if (!fitting)
		return;
	struct change *change = mutate_note(mutate, NULL, "workers");
	snprintf(change->was, sizeof(change->was), "%u, %u", draft->streams[pair[0]].tid, draft->streams[pair[1]].tid);
	snprintf(change->is, sizeof(change->is), "%u, %u", draft->streams[pair[1]].tid, draft->streams[pair[0]].tid);
	swap_work(draft, pair[0], pair[1]);
}
