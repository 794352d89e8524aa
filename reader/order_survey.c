// SPDX-License-Identifier: MIT
/*
 * The first look at the frames: what is early in them is copied out, and when each must be there is noted down.
 */
#include "reader/copy.h"
#include "reader/order.h"
#include "reader/room.h"

/* More early events than this in a frame: it is opened early instead. */
#define STRAGGLERS_MAX 1024u
/* Copies beyond this are not made; see above. */
#define STRAGGLERS_BYTES_MAX (64u << 20)
/* What a decoded event takes: times, shape, result, and its place in the order. */
#define EVENT_BYTES 36u

static int copy_straggler(struct order *order, const struct event *event)
{
	struct event *copy = copy_array(&order->arena, event, 1, sizeof(*event));
	struct event_item *items = copy_array(&order->arena, event->items, event->items_count, sizeof(*items));

	if (!copy || !items || MAKE_ROOM(order->stragglers, order->stragglers_room, order->stragglers_count))
		return -ENOMEM;
	for (uint32_t i = 0; i < event->items_count; i++)
		if (!(items[i].bytes = copy_array(&order->arena, items[i].bytes, items[i].size, 1)))
			return -ENOMEM;
	copy->items = items;
	order->stragglers[order->stragglers_count++] = copy;
	return 0;
}

struct survey {
	uint64_t earliest; /* beginning */
	uint64_t end;	   /* earliest end */
	uint64_t early;	   /* how many began before `from` */
};

static struct survey survey_frame(const struct frame *frame, uint64_t from)
{
	struct survey survey = {UINT64_MAX, UINT64_MAX, 0};

	for (uint32_t b = 0; b < frame->batches_count; b++) {
		const struct batch_view *batch = &frame->batches[b];
		for (uint32_t i = 0; i < batch->count; i++) {
			uint64_t enter = batch->enter[i], end = enter + batch->duration[i];
			survey.earliest = enter < survey.earliest ? enter : survey.earliest;
			survey.end = end < survey.end ? end : survey.end;
			survey.early += enter < from;
		}
	}
	return survey;
}

static uint64_t frame_bytes(const struct frame *frame)
{
	uint64_t bytes = frame->content_size;

	for (uint32_t b = 0; b < frame->batches_count; b++)
		bytes += (uint64_t)frame->batches[b].count * EVENT_BYTES;
	return bytes;
}

static int copy_stragglers(struct order *order, const struct frame *frame, uint64_t from)
{
	struct event event;
	int rc = 0;

	for (uint32_t b = 0; b < frame->batches_count; b++) {
		const struct batch_view *batch = &frame->batches[b];
		for (uint32_t i = 0; !rc && i < batch->count; i++) {
			if (batch->enter[i] >= from)
				continue;
			batch_event(batch, i, &event);
			rc = copy_straggler(order, &event);
		}
	}
	return rc;
}

int order_survey(struct order *order, size_t index, const struct frame *frame)
{
	uint64_t from = order->previous_end;
	struct survey survey = survey_frame(frame, from);
	struct order_frame *added;
	int rc = 0;

	for (uint32_t b = 0; b < frame->batches_count; b++)
		order->events += frame->batches[b].count;
	order->events += frame->unfinished_count;
	for (uint32_t i = 0; !rc && i < frame->unfinished_count; i++)
		rc = copy_straggler(order, &frame->unfinished[i].event);
	if (rc || survey.earliest == UINT64_MAX)
		return rc;
	if (survey.early > STRAGGLERS_MAX || order->arena.spent > STRAGGLERS_BYTES_MAX)
		from = 0;
	else if (survey.early && copy_stragglers(order, frame, from))
		return -ENOMEM;
	if (MAKE_ROOM(order->frames, order->frames_room, order->frames_count))
		return -ENOMEM;
	added = &order->frames[order->frames_count++];
	added->index = (uint32_t)index;
	added->from = from;
	added->bytes = frame_bytes(frame);
	added->opens = survey.earliest > from ? survey.earliest : from;
	/* The next frame's early events are those from before this frame's first end. */
	if (survey.end > order->previous_end)
		order->previous_end = survey.end;
	return 0;
}

int order_mark(struct order *order, const struct trace_entry *entry)
{
	if (MAKE_ROOM(order->marks, order->marks_room, order->marks_count))
		return -ENOMEM;
	order->marks[order->marks_count++] = *entry;
	return 0;
}
