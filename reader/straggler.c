// SPDX-License-Identifier: MIT
/*
 * Keeps the earliest of the stragglers there are. What those of one shape have in common is there once: a frame of some
 * sixty bytes may hold 65,536 of them.
 */
#include "reader/straggler.h"
#include "reader/copy.h"
#include "reader/room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A frame decodes to less than 2^24 events: frame_decode() gives each 28 bytes at least, of LOG_DECODED_MAX. */
#define PLACE_BITS 24u

struct straggler_kind {
	struct event event;
	struct straggler_kind *moved; /* its copy, while those that are kept are moved together */
};

static bool is_before(struct straggler_key a, struct straggler_key b)
{
	return a.enter != b.enter ? a.enter < b.enter : a.place < b.place;
}

void stragglers_restart(struct stragglers *stragglers, struct straggler_key floor)
{
	arena_free(&stragglers->arena);
	stragglers->arena.budget = SIZE_MAX;
	stragglers->count = 0;
	stragglers->floor = floor;
	stragglers->horizon = (struct straggler_key){UINT64_MAX, UINT64_MAX};
}

void stragglers_free(struct stragglers *stragglers)
{
	free(stragglers->list);
	free(stragglers->kinds);
	arena_free(&stragglers->arena);
	*stragglers = (struct stragglers){.bytes_max = stragglers->bytes_max};
}

bool stragglers_have_more(const struct stragglers *stragglers)
{
	return stragglers->horizon.place != UINT64_MAX;
}

static struct straggler_kind *copy_kind(struct arena *arena, const struct event *event)
{
	struct straggler_kind *kind = arena_new(arena, 1, sizeof(*kind));
	struct event_item *items = copy_array(arena, event->items, event->items_count, sizeof(*items));

	if (!kind || !items)
		return NULL;
	for (uint32_t i = 0; i < event->items_count; i++)
		if (!(items[i].bytes = copy_array(arena, items[i].bytes, items[i].size, 1)))
			return NULL;
	kind->event = *event;
	kind->event.items = items;
	return kind;
}

static int compare_keys(const void *a, const void *b)
{
	const struct straggler *left = a, *right = b;

	return is_before(left->key, right->key) ? -1 : is_before(right->key, left->key);
}

/* Copies what the stragglers have in common into an arena of its own, without what was left out. 0 or -ENOMEM. */
static int move_kinds(struct stragglers *stragglers)
{
	struct arena arena = {.budget = SIZE_MAX};

	for (size_t i = 0; i < stragglers->count; i++) {
		struct straggler_kind *kind = stragglers->list[i].kind;
		if (!kind->moved)
			kind->moved = copy_kind(&arena, &kind->event);
		if (!kind->moved) {
			arena_free(&arena);
			return -ENOMEM;
		}
		stragglers->list[i].kind = kind->moved;
	}
	arena_free(&stragglers->arena);
	stragglers->arena = arena;
	return 0;
}

/* Drops the later half when there are too many; *is_cut: kinds have moved. 0 or -ENOMEM. */
static int cut(struct stragglers *stragglers, bool *is_cut)
{
	size_t keep = stragglers->count / 2;

	*is_cut =
		keep && stragglers->arena.spent + stragglers->count * sizeof(*stragglers->list) > stragglers->bytes_max;
	if (!*is_cut)
		return 0;
	qsort(stragglers->list, stragglers->count, sizeof(*stragglers->list), compare_keys);
	stragglers->horizon = stragglers->list[keep].key;
	stragglers->count = keep;
	return move_kinds(stragglers);
}

/* *kind is what it has in common with others, or NULL, and then made. 0 or -ENOMEM. */
static int add(struct stragglers *stragglers, const struct event *event, uint64_t place, struct straggler_kind **kind)
{
	if (MAKE_ROOM(stragglers->list, stragglers->room, stragglers->count))
		return -ENOMEM;
	if (!*kind)
		*kind = copy_kind(&stragglers->arena, event);
	if (!*kind)
		return -ENOMEM;
	stragglers->list[stragglers->count++] = (struct straggler){.key = {event->enter, place},
								   .pid = event->pid,
								   .tid = event->tid,
								   .duration = event->duration,
								   .sequence = event->sequence,
								   .result = event->result,
								   .kind = *kind};
	return 0;
}

static bool is_wanted(const struct stragglers *stragglers, struct straggler_key key)
{
	return !is_before(key, stragglers->floor) && is_before(key, stragglers->horizon);
}

static void widen(struct straggler_span *span, uint64_t enter)
{
	span->earliest = enter < span->earliest ? enter : span->earliest;
	span->latest = enter > span->latest ? enter : span->latest;
}

static uint32_t count_early(const struct batch_view *batch, uint64_t from)
{
	uint32_t early = 0;

	for (uint32_t i = 0; i < batch->count; i++)
		early += batch->enter[i] < from;
	return early;
}

/* Makes stragglers->kinds empty for a batch of so many shapes. 0 or -ENOMEM. */
static int clear_kinds(struct stragglers *stragglers, uint32_t shapes)
{
	if (shapes > stragglers->kinds_room) {
		struct straggler_kind **wider = reallocarray(stragglers->kinds, shapes, sizeof(*wider));
		if (!wider)
			return -ENOMEM;
		stragglers->kinds = wider;
		stragglers->kinds_room = shapes;
	}
	memset(stragglers->kinds, 0, shapes * sizeof(*stragglers->kinds));
	return 0;
}

static int collect_batch(struct stragglers *stragglers, const struct batch_view *batch, uint64_t place, uint64_t from,
			 struct straggler_span *span)
{
	struct straggler_kind *own;
	struct event event;
	bool is_cut;
	int rc = clear_kinds(stragglers, batch->shapes_count);

	for (uint32_t i = 0; !rc && i < batch->count; i++) {
		if (batch->enter[i] >= from)
			continue;
		widen(span, batch->enter[i]);
		if (!is_wanted(stragglers, (struct straggler_key){batch->enter[i], place + i}))
			continue;
		const struct batch_shape *shape = &batch->shapes[batch->shape[i]];
		own = NULL;
		batch_event(batch, i, &event);
		rc = add(stragglers, &event, place + i, shape->varying ? &own : &stragglers->kinds[batch->shape[i]]);
		if (!rc)
			rc = cut(stragglers, &is_cut);
		if (!rc && is_cut)
			rc = clear_kinds(stragglers, batch->shapes_count);
	}
	return rc;
}

int stragglers_collect(struct stragglers *stragglers, size_t index, const struct frame *frame, uint64_t from,
		       struct straggler_span *span)
{
	uint64_t place = (uint64_t)index << PLACE_BITS;
	bool is_cut;
	int rc = 0;

	for (uint32_t b = 0; !rc && b < frame->batches_count; b++) {
		if (count_early(&frame->batches[b], from))
			rc = collect_batch(stragglers, &frame->batches[b], place, from, span);
		place += frame->batches[b].count;
	}
	for (uint32_t i = 0; !rc && i < frame->unfinished_count; i++, place++) {
		const struct event *event = &frame->unfinished[i].event;
		struct straggler_kind *own = NULL;
		widen(span, event->enter);
		if (!is_wanted(stragglers, (struct straggler_key){event->enter, place}))
			continue;
		rc = add(stragglers, event, place, &own);
		if (!rc)
			rc = cut(stragglers, &is_cut);
	}
	return rc;
}

static int compare_given(const void *a, const void *b)
{
	const struct straggler *left = a, *right = b;

	if (left->key.enter != right->key.enter)
		return left->key.enter < right->key.enter ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	if (left->tid != right->tid)
		return left->tid < right->tid ? -1 : 1;
	return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

void stragglers_sort(struct stragglers *stragglers)
{
	if (stragglers->count)
		qsort(stragglers->list, stragglers->count, sizeof(*stragglers->list), compare_given);
}

void straggler_event(const struct stragglers *stragglers, size_t i, struct event *event)
{
	const struct straggler *straggler = &stragglers->list[i];

	*event = straggler->kind->event;
	event->enter = straggler->key.enter;
	event->duration = straggler->duration;
	event->sequence = straggler->sequence;
	event->result = straggler->result;
}
