// SPDX-License-Identifier: MIT
/*
 * Which frames are in memory: each is looked at before it is due, opened when it is, and closed when all of it has been
 * given.
 */
#include "reader/order_parts.h"
#include "reader/room.h"

#include <errno.h>
#include <stdlib.h>

/* Frames in memory at once, by number and size; a trace that would need more is printed with its order a little wrong.
 */
#define OPEN_MAX       256u
#define OPEN_BYTES_MAX (96ull << 20)
/* What a decoded event takes: times, shape, result, and its place in the order. */
#define EVENT_BYTES 36u

static int compare_rows(const void *a, const void *b, void *enter)
{
	const uint64_t *times = enter;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	if (times[left] != times[right])
		return times[left] < times[right] ? -1 : 1;
	/* A call made inside another one's handler ended first and stands first, but began last. */
	return left < right ? 1 : -1;
}

static bool is_sorted(const struct batch_view *batch)
{
	for (uint32_t i = 1; i < batch->count; i++)
		if (batch->enter[i] < batch->enter[i - 1])
			return false;
	return true;
}

/* The rows by time of beginning, when that is not how they stand. 0 or -ENOMEM. */
static int sort_rows(const struct batch_view *batch, const uint32_t **sorted)
{
	uint32_t *rows;

	*sorted = NULL;
	if (is_sorted(batch))
		return 0;
	rows = malloc(batch->count * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < batch->count; i++)
		rows[i] = i;
	qsort_r(rows, batch->count, sizeof(*rows), compare_rows, (void *)batch->enter);
	*sorted = rows;
	return 0;
}

/* A number for a batch in memory, and room to give it back later. 0 or -ENOMEM. */
static int take_id(struct order *order, uint32_t *id)
{
	if (order->free_ids_count) {
		*id = order->free_ids[--order->free_ids_count];
		return 0;
	}
	if (MAKE_ROOM(order->free_ids, order->free_ids_room, order->ids_count))
		return -ENOMEM;
	*id = (uint32_t)order->ids_count++;
	return 0;
}

/* Notes the events of a batch that are no stragglers, if any, as part of the pending frame. 0 or -ENOMEM. */
static int prepare_batch(struct order *order, const struct batch_view *batch)
{
	struct order_pending *pending = &order->pending;
	struct order_cursor cursor = {.kind = CURSOR_BATCH, .pid = batch->pid, .tid = batch->tid, .batch = batch};

	if (MAKE_ROOM(pending->cursors, pending->room, pending->count) || sort_rows(batch, &cursor.sorted))
		return -ENOMEM;
	cursor.end = batch->count;
	while (cursor.row < cursor.end && batch->enter[cursor_row(&cursor)] < order->from)
		cursor.row++;
	if (cursor.row == cursor.end) {
		free((void *)cursor.sorted);
		return 0;
	}
	cursor.ticks = batch->enter[cursor_row(&cursor)];
	pending->opens = cursor.ticks < pending->opens ? cursor.ticks : pending->opens;
	pending->cursors[pending->count++] = cursor;
	return 0;
}

static int take_slot(struct order *order, uint32_t *slot)
{
	for (*slot = 0; *slot < order->slots_count; ++*slot)
		if (!order->slots[*slot].frame)
			return 0;
	if (MAKE_ROOM(order->slots, order->slots_room, order->slots_count))
		return -ENOMEM;
	order->slots[order->slots_count++] = (struct order_slot){0};
	return 0;
}

void order_close_slot(struct order *order, uint32_t slot)
{
	frame_free(order->spare);
	order->spare = order->slots[slot].frame;
	order->slots[slot].frame = NULL;
	order->open_bytes -= order->slots[slot].bytes;
}

static uint64_t frame_bytes(const struct frame *frame)
{
	uint64_t bytes = frame->content_size;

	for (uint32_t b = 0; b < frame->batches_count; b++)
		bytes += (uint64_t)frame->batches[b].count * EVENT_BYTES;
	return bytes;
}

/* Gives the pending frame, whose cursors are gone, away. */
static int pass_pending(struct order *order)
{
	struct frame *frame = order->spare;
	int rc = ahead_next(order->ahead, &frame);

	order->pending.is_there = false;
	order->pending.count = 0;
	order->next_frame++;
	order->spare = frame;
	return rc < 0 ? rc : 0;
}

/*
 * Looks at the next frame, which becomes order->pending. One without events that are still to be given, or that has
 * become unreadable since the survey, is passed over.
 */
static int look_ahead(struct order *order)
{
	struct order_pending *pending = &order->pending;
	int rc = 0;

	if (!order->ahead)
		rc = ahead_new(&order->ahead, order->read, order->source, order->next_frame, order->end_frame);
	if (rc)
		return rc;
	rc = ahead_look(order->ahead, &pending->frame);
	if (rc)
		return rc < 0 ? rc : pass_pending(order);
	pending->is_there = true;
	pending->opens = UINT64_MAX;
	pending->bytes = frame_bytes(pending->frame);
	for (uint32_t i = 0; !rc && i < pending->frame->batches_count; i++)
		rc = prepare_batch(order, &pending->frame->batches[i]);
	if (order_first_end(pending->frame) > order->from)
		order->from = order_first_end(pending->frame);
	/* where a straggler ended first, the frame behind this one may begin before what is left of this one */
	pending->opens = pending->opens < order->from ? pending->opens : order->from;
	return rc || pending->count ? rc : pass_pending(order);
}

/* Takes the pending frame and pushes its batches. */
static int open_pending(struct order *order)
{
	struct order_pending *pending = &order->pending;
	struct frame *frame = order->spare;
	uint32_t slot;
	int rc = take_slot(order, &slot);

	if (rc)
		return rc;
	order->spare = NULL;
	ahead_next(order->ahead, &frame);
	order->slots[slot] = (struct order_slot){.frame = frame, .bytes = pending->bytes};
	order->open_bytes += pending->bytes;
	for (; !rc && order->slots[slot].left < pending->count; order->slots[slot].left++) {
		struct order_cursor *cursor = &pending->cursors[order->slots[slot].left];
		cursor->slot = slot;
		rc = take_id(order, &cursor->id);
		if (!rc)
			rc = order_push_cursor(order, cursor);
	}
	pending->is_there = false;
	pending->count = 0;
	order->next_frame++;
	return rc;
}

int order_open_due(struct order *order)
{
	int rc = 0;

	while (!rc && order->next_frame < order->end_frame) {
		size_t open = 0;
		if (order->heap_count && order_next_opens(order) > order->heap[0]->ticks)
			break;
		if (!order->pending.is_there) {
			rc = look_ahead(order);
			continue;
		}
		for (size_t i = 0; i < order->slots_count; i++)
			open += order->slots[i].frame != NULL;
		if (open >= OPEN_MAX || (open && order->open_bytes + order->pending.bytes > OPEN_BYTES_MAX))
			break;
		rc = open_pending(order);
	}
	return rc;
}
