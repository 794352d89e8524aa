// SPDX-License-Identifier: MIT
/*
 * Merging of batches, stragglers and marks by time of entry. Knows frames and events, nothing of files or text.
 */
#include "reader/order_parts.h"
#include "reader/room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- cursors and their heap ----------------------------------------------------------------------------------- */

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

int order_push_cursor(struct order *order, const struct order_cursor *cursor)
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

/* ---- going through -------------------------------------------------------------------------------------------- */

static int compare_marks(const void *a, const void *b)
{
	const struct order_mark *left = a, *right = b;

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
			order_close_slot(order, i);
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
		rc = order_push_cursor(order, &marks);
	if (!rc && stragglers.end)
		rc = order_push_cursor(order, &stragglers);
	return rc;
}

static void give_mark(const struct order_mark *mark, struct trace_entry *entry)
{
	*entry = (struct trace_entry){.kind = mark->kind, .ticks = mark->ticks};
	switch (mark->kind) {
	case TRACE_PROCESS:
		entry->process = mark->what;
		break;
	case TRACE_THREAD:
		entry->thread = mark->what;
		break;
	case TRACE_THREAD_END:
		entry->thread_end = mark->what;
		break;
	case TRACE_MODULES:
		entry->modules = mark->what;
		break;
	case TRACE_CONTROL:
		entry->control = mark->what;
		break;
	case TRACE_EVENT:
		break;
	}
}

static void give(struct order *order, struct order_cursor *cursor, struct trace_entry *entry)
{
	if (cursor->kind == CURSOR_MARKS) {
		give_mark(&order->marks[cursor->row], entry);
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
		order_close_slot(order, cursor->slot);
	free_cursor(order, cursor);
	order->heap[0] = order->heap[--order->heap_count];
	if (order->heap_count)
		sift_down(order, 0);
	return 0;
}

/* The time from which on something else may be next than the batch at the top. */
static uint64_t next_other(const struct order *order)
{
	uint64_t next = order_next_opens(order);

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
		rc = order_open_due(order);
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
