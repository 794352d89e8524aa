// SPDX-License-Identifier: MIT
/*
 * Merging of batches, stragglers and marks by time of entry. Knows frames and events, nothing of files or text.
 */
#include "reader/order.h"
#include "reader/room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Frames in memory at once, by number and size; a trace that would need more is printed with its order a little wrong.
 */
#define OPEN_MAX       256u
#define OPEN_BYTES_MAX (96ull << 20)
/* What a decoded event takes: times, shape, result, and its place in the order. */
#define EVENT_BYTES 36u

enum cursor_kind { CURSOR_MARKS, CURSOR_STRAGGLERS, CURSOR_BATCH };

/* One source of entries, with its head at `row`. */
struct order_cursor {
	uint64_t ticks; /* of the head */
	uint32_t pid, tid;
	enum cursor_kind kind;
	size_t row, end;
	const struct batch_view *batch;
	const uint32_t *sorted; /* the order of the batch's rows, NULL when it is theirs */
	uint32_t slot;
	uint32_t id; /* of a batch's cursor: no other has it now */
	uint64_t serial;
};

/* ---- cursors and their heap ----------------------------------------------------------------------------------- */

static size_t cursor_row(const struct order_cursor *cursor)
{
	return cursor->sorted ? cursor->sorted[cursor->row] : cursor->row;
}

/* Takes the time of the head; the cursor must not be at its end. */
static void load_head(const struct order *order, struct order_cursor *cursor)
{
	const struct straggler *straggler;

	switch (cursor->kind) {
	case CURSOR_MARKS:
		cursor->ticks = order->marks[cursor->row].ticks;
		break;
	case CURSOR_STRAGGLERS:
		straggler = &order->stragglers.list[cursor->row];
		cursor->ticks = straggler->key.enter;
		cursor->pid = straggler->pid;
		cursor->tid = straggler->tid;
		break;
	case CURSOR_BATCH:
		cursor->ticks = cursor->batch->enter[cursor_row(cursor)];
		break;
	}
}

/* Marks are before events of the same moment: their cursor has pid 0. */
static bool is_before(const struct order_cursor *a, const struct order_cursor *b)
{
	if (a->ticks != b->ticks)
		return a->ticks < b->ticks;
	if (a->pid != b->pid)
		return a->pid < b->pid;
	if (a->tid != b->tid)
		return a->tid < b->tid;
	return a->serial < b->serial;
}

static void sift_up(struct order *order, size_t at)
{
	struct order_cursor *cursor = order->heap[at];

	while (at && is_before(cursor, order->heap[(at - 1) / 2])) {
		order->heap[at] = order->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	order->heap[at] = cursor;
}

static void sift_down(struct order *order, size_t at)
{
	struct order_cursor *cursor = order->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;
		if (child + 1 < order->heap_count && is_before(order->heap[child + 1], order->heap[child]))
			child++;
		if (child >= order->heap_count || !is_before(order->heap[child], cursor))
			break;
		order->heap[at] = order->heap[child];
		at = child;
	}
	order->heap[at] = cursor;
}

static int push_cursor(struct order *order, const struct order_cursor *cursor)
{
	struct order_cursor *copy;

	if (MAKE_ROOM(order->heap, order->heap_room, order->heap_count))
		return -ENOMEM;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *cursor;
	copy->serial = ++order->serial;
	load_head(order, copy);
	order->heap[order->heap_count++] = copy;
	sift_up(order, order->heap_count - 1);
	return 0;
}

static void free_cursor(struct order *order, struct order_cursor *cursor)
{
	if (cursor->kind == CURSOR_BATCH)
		order->free_ids[order->free_ids_count++] = cursor->id;
	free((void *)cursor->sorted);
	free(cursor);
}

/* ---- frames in memory ----------------------------------------------------------------------------------------- */

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
	load_head(order, &cursor);
	pending->opens = cursor.ticks < pending->opens ? cursor.ticks : pending->opens;
	pending->cursors[pending->count++] = cursor;
	return 0;
}

/* No event of a frame that is not open yet is before. */
static uint64_t next_opens(const struct order *order)
{
	if (order->pending.is_there)
		return order->pending.opens;
	return order->next_frame < order->end_frame ? order->from : UINT64_MAX;
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

static void close_slot(struct order *order, uint32_t slot)
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
			rc = push_cursor(order, cursor);
	}
	pending->is_there = false;
	pending->count = 0;
	order->next_frame++;
	return rc;
}

/* Opens every frame that may hold what comes next. */
static int open_due(struct order *order)
{
	int rc = 0;

	while (!rc && order->next_frame < order->end_frame) {
		size_t open = 0;
		if (order->heap_count && next_opens(order) > order->heap[0]->ticks)
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

/* ---- going through -------------------------------------------------------------------------------------------- */

static int compare_marks(const void *a, const void *b)
{
	const struct trace_entry *left = a, *right = b;

	if (left->ticks != right->ticks)
		return left->ticks < right->ticks ? -1 : 1;
	return (int)left->kind - (int)right->kind;
}

static void close_all(struct order *order)
{
	for (size_t i = 0; i < order->pending.count; i++)
		free((void *)order->pending.cursors[i].sorted);
	order->pending.is_there = false;
	order->pending.count = 0;
	ahead_free(order->ahead);
	order->ahead = NULL;
	for (size_t i = 0; i < order->heap_count; i++)
		free_cursor(order, order->heap[i]);
	for (uint32_t i = 0; i < order->slots_count; i++)
		if (order->slots[i].frame)
			close_slot(order, i);
	order->heap_count = order->slots_count = 0;
	order->is_given = false;
	order->next_frame = order->first_frame;
	order->from = 0;
}

int order_start(struct order *order)
{
	const struct straggler_key *floor = &order->stragglers.floor;
	int rc = 0;

	close_all(order);
	if (floor->enter || floor->place)
		rc = order_collect(order, (struct straggler_key){0});
	else
		stragglers_sort(&order->stragglers);
	if (order->marks_count)
		qsort(order->marks, order->marks_count, sizeof(*order->marks), compare_marks);
	struct order_cursor marks = {.kind = CURSOR_MARKS, .end = order->marks_count};
	struct order_cursor stragglers = {.kind = CURSOR_STRAGGLERS, .end = order->stragglers.count};
	if (!rc && marks.end)
		rc = push_cursor(order, &marks);
	if (!rc && stragglers.end)
		rc = push_cursor(order, &stragglers);
	return rc;
}

static void give(struct order *order, struct order_cursor *cursor, struct trace_entry *entry)
{
	if (cursor->kind == CURSOR_MARKS) {
		*entry = order->marks[cursor->row];
		return;
	}
	entry->kind = TRACE_EVENT;
	entry->ticks = cursor->ticks;
	entry->batch = NULL;
	entry->event = &order->event;
	if (cursor->kind == CURSOR_STRAGGLERS) {
		straggler_event(&order->stragglers, cursor->row, &order->event);
		return;
	}
	entry->batch = cursor->batch;
	entry->row = (uint32_t)cursor_row(cursor);
	entry->slot = cursor->id;
	entry->serial = cursor->serial;
	batch_event(cursor->batch, entry->row, &order->event);
}

/* Nothing but its row's place in time tells a batch's head from the one before, so that most need no look at a heap. */
static inline void pass_row(struct order *order, struct order_cursor *cursor)
{
	if (cursor->kind == CURSOR_BATCH)
		cursor->ticks = cursor->batch->enter[cursor_row(cursor)];
	else
		load_head(order, cursor);
	if (order->heap_count > 1)
		sift_down(order, 0);
}

/* Moves on from what was given last. 0 or -errno. */
static int pass_given(struct order *order)
{
	struct order_cursor *cursor = order->heap[0];

	order->is_given = false;
	if (++cursor->row == cursor->end && cursor->kind == CURSOR_STRAGGLERS &&
	    stragglers_have_more(&order->stragglers)) {
		int rc = order_collect(order, order->stragglers.horizon);
		if (rc)
			return rc;
		cursor->row = 0;
		cursor->end = order->stragglers.count;
	}
	if (cursor->row < cursor->end) {
		pass_row(order, cursor);
		return 0;
	}
	if (cursor->kind == CURSOR_BATCH && --order->slots[cursor->slot].left == 0)
		close_slot(order, cursor->slot);
	free_cursor(order, cursor);
	order->heap[0] = order->heap[--order->heap_count];
	if (order->heap_count)
		sift_down(order, 0);
	return 0;
}

/* The time from which on something else may be next than the batch at the top. */
static uint64_t next_other(const struct order *order)
{
	uint64_t next = next_opens(order);

	for (size_t i = 1; i < 3 && i < order->heap_count; i++)
		next = order->heap[i]->ticks < next ? order->heap[i]->ticks : next;
	return next;
}

/* Takes what follows the head of the batch at the top until something else may be next. Returns how many, with it. */
static uint32_t take_rows(const struct order *order, struct order_cursor *cursor, uint32_t most)
{
	uint64_t next = next_other(order);
	size_t row = cursor->row + 1, end = cursor->end - cursor->row < most ? cursor->end : cursor->row + most;
	uint32_t rows;

	while (row < end && cursor->batch->enter[row] < next)
		row++;
	rows = (uint32_t)(row - cursor->row);
	cursor->row = row - 1;
	return rows;
}

int order_next(struct order *order, struct trace_entry *entry, uint32_t most, uint32_t *rows)
{
	int rc = 0;

	*rows = 1;

	if (order->is_given)
		rc = pass_given(order);
	if (!rc)
		rc = open_due(order);
	if (rc)
		return rc;
	if (!order->heap_count)
		return TRACE_E_END;
	order->is_given = true;
	give(order, order->heap[0], entry);
	if (most > 1 && order->heap[0]->kind == CURSOR_BATCH && !order->heap[0]->sorted)
		*rows = take_rows(order, order->heap[0], most);
	return 0;
}

void order_clear(struct order *order)
{
	struct order kept = {.read = order->read,
			     .source = order->source,
			     .serial = order->serial,
			     .stragglers = {.bytes_max = order->stragglers.bytes_max}};

	close_all(order);
	frame_free(order->spare);
	stragglers_free(&order->stragglers);
	free(order->groups);
	free(order->pending.cursors);
	free(order->marks);
	free(order->slots);
	free(order->heap);
	free(order->free_ids);
	*order = kept;
}
