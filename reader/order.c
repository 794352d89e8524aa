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
	const struct event *event;

	switch (cursor->kind) {
	case CURSOR_MARKS:
		cursor->ticks = order->marks[cursor->row].ticks;
		break;
	case CURSOR_STRAGGLERS:
		event = order->stragglers[cursor->row];
		cursor->ticks = event->enter;
		cursor->pid = event->pid;
		cursor->tid = event->tid;
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

static int push_batch(struct order *order, const struct batch_view *batch, uint32_t slot, uint64_t from)
{
	struct order_cursor cursor = {.kind = CURSOR_BATCH, .pid = batch->pid, .tid = batch->tid, .slot = slot};
	int rc;

	cursor.batch = batch;
	cursor.end = batch->count;
	rc = sort_rows(batch, &cursor.sorted);
	if (rc)
		return rc;
	while (cursor.row < cursor.end && batch->enter[cursor_row(&cursor)] < from)
		cursor.row++;
	if (cursor.row < cursor.end)
		rc = take_id(order, &cursor.id);
	if (!rc && cursor.row < cursor.end)
		rc = push_cursor(order, &cursor);
	if (rc || cursor.row == cursor.end)
		free((void *)cursor.sorted);
	else
		order->slots[slot].left++;
	return rc;
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

static int read_placed(void *source, size_t place, struct frame **frame)
{
	const struct order *order = source;

	return order->read(order->source, order->frames[place].index, frame);
}

/* Reads the next frame and pushes its batches. One that has become unreadable since the survey is passed over. */
static int open_frame(struct order *order, const struct order_frame *opened)
{
	struct frame *frame = order->spare;
	uint32_t slot;
	int rc = take_slot(order, &slot);

	if (!rc && !order->ahead)
		rc = ahead_new(&order->ahead, read_placed, order, order->next_frame, order->frames_count);
	if (rc)
		return rc;
	order->next_frame++;
	order->spare = NULL;
	rc = ahead_next(order->ahead, &frame);
	if (rc) {
		order->spare = frame;
		return rc < 0 ? rc : 0;
	}
	order->slots[slot] = (struct order_slot){.frame = frame, .bytes = opened->bytes};
	order->open_bytes += opened->bytes;
	for (uint32_t i = 0; !rc && i < frame->batches_count; i++)
		rc = push_batch(order, &frame->batches[i], slot, opened->from);
	if (!order->slots[slot].left)
		close_slot(order, slot);
	return rc;
}

/* Opens every frame that may hold what comes next. */
static int open_due(struct order *order)
{
	int rc = 0;

	while (!rc && order->next_frame < order->frames_count) {
		const struct order_frame *next = &order->frames[order->next_frame];
		size_t open = 0;
		if (order->heap_count && next->opens > order->heap[0]->ticks)
			break;
		for (size_t i = 0; i < order->slots_count; i++)
			open += order->slots[i].frame != NULL;
		if (open >= OPEN_MAX || (open && order->open_bytes + next->bytes > OPEN_BYTES_MAX))
			break;
		rc = open_frame(order, next);
	}
	return rc;
}

/* ---- going through -------------------------------------------------------------------------------------------- */

static int compare_frames(const void *a, const void *b)
{
	const struct order_frame *left = a, *right = b;

	if (left->opens != right->opens)
		return left->opens < right->opens ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

static int compare_stragglers(const void *a, const void *b)
{
	const struct event *left = *(struct event *const *)a, *right = *(struct event *const *)b;

	if (left->enter != right->enter)
		return left->enter < right->enter ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	if (left->tid != right->tid)
		return left->tid < right->tid ? -1 : 1;
	return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

static int compare_marks(const void *a, const void *b)
{
	const struct trace_entry *left = a, *right = b;

	if (left->ticks != right->ticks)
		return left->ticks < right->ticks ? -1 : 1;
	return (int)left->kind - (int)right->kind;
}

static void close_all(struct order *order)
{
	ahead_free(order->ahead);
	order->ahead = NULL;
	for (size_t i = 0; i < order->heap_count; i++)
		free_cursor(order, order->heap[i]);
	for (uint32_t i = 0; i < order->slots_count; i++)
		if (order->slots[i].frame)
			close_slot(order, i);
	order->heap_count = order->slots_count = 0;
	order->is_given = false;
	order->next_frame = 0;
}

int order_start(struct order *order)
{
	struct order_cursor marks = {.kind = CURSOR_MARKS, .end = order->marks_count};
	struct order_cursor stragglers = {.kind = CURSOR_STRAGGLERS, .end = order->stragglers_count};
	int rc = 0;

	close_all(order);
	if (order->frames_count)
		qsort(order->frames, order->frames_count, sizeof(*order->frames), compare_frames);
	if (order->stragglers_count)
		qsort(order->stragglers, order->stragglers_count, sizeof(*order->stragglers), compare_stragglers);
	if (order->marks_count)
		qsort(order->marks, order->marks_count, sizeof(*order->marks), compare_marks);
	if (order->marks_count)
		rc = push_cursor(order, &marks);
	if (!rc && order->stragglers_count)
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
	if (cursor->kind == CURSOR_STRAGGLERS) {
		entry->event = order->stragglers[cursor->row];
		return;
	}
	entry->event = &order->event;
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

/* Moves on from what was given last. */
static void pass_given(struct order *order)
{
	struct order_cursor *cursor = order->heap[0];

	order->is_given = false;
	if (++cursor->row < cursor->end) {
		pass_row(order, cursor);
		return;
	}
	if (cursor->kind == CURSOR_BATCH && --order->slots[cursor->slot].left == 0)
		close_slot(order, cursor->slot);
	free_cursor(order, cursor);
	order->heap[0] = order->heap[--order->heap_count];
	if (order->heap_count)
		sift_down(order, 0);
}

/* The time from which on something else may be next than the batch at the top. */
static uint64_t next_other(const struct order *order)
{
	uint64_t next = order->next_frame < order->frames_count ? order->frames[order->next_frame].opens : UINT64_MAX;

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
	int rc;

	*rows = 1;

	if (order->is_given)
		pass_given(order);
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
			     .arena = {.budget = order->arena.budget}};

	close_all(order);
	frame_free(order->spare);
	free(order->frames);
	free(order->stragglers);
	free(order->marks);
	free(order->slots);
	free(order->heap);
	free(order->free_ids);
	arena_free(&order->arena);
	*order = kept;
}
