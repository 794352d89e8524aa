// SPDX-License-Identifier: MIT
/*
 * The first look at the frames: what is early in them is copied out. What does not fit in memory is found again when
 * its time comes: of groups of neighbouring frames it is known when the early events in them begin.
 */
#include "reader/order.h"
#include "reader/room.h"

/* Groups, 384 KiB. When there would be more, every two are joined. */
#define GROUPS_MAX 16384u

uint64_t order_first_end(const struct frame *frame)
{
	uint64_t end = UINT64_MAX;

	for (uint32_t b = 0; b < frame->batches_count; b++) {
		const struct batch_view *batch = &frame->batches[b];
		if (batch->count && batch->enter[0] + batch->duration[0] < end)
			end = batch->enter[0] + batch->duration[0];
	}
	return end == UINT64_MAX ? 0 : end;
}

static void join_groups(struct order *order)
{
	for (size_t i = 0; i < GROUPS_MAX / 2; i++) {
		const struct order_group *a = &order->groups[2 * i], *b = a + 1;
		order->groups[i] = (struct order_group){
			.from = a->from,
			.span = {a->span.earliest < b->span.earliest ? a->span.earliest : b->span.earliest,
				 a->span.latest > b->span.latest ? a->span.latest : b->span.latest}};
	}
	order->groups_count = GROUPS_MAX / 2;
	order->group_frames *= 2;
}

/* The group of frame `index`, which no frame follows yet. NULL without memory. */
static struct order_group *find_group(struct order *order, size_t index)
{
	size_t offset = index - order->first_frame;

	while (offset / order->group_frames >= GROUPS_MAX)
		join_groups(order);
	/* more than one when frames in between could not be read */
	while (order->groups_count <= offset / order->group_frames) {
		if (MAKE_ROOM(order->groups, order->groups_room, order->groups_count))
			return NULL;
		order->groups[order->groups_count++] =
			(struct order_group){.from = order->from, .span = {UINT64_MAX, 0}};
	}
	return &order->groups[order->groups_count - 1];
}

int order_survey(struct order *order, size_t index, const struct frame *frame)
{
	struct order_group *group;
	uint64_t end = order_first_end(frame);
	int rc;

	if (!order->group_frames) {
		order->group_frames = 1;
		order->first_frame = index;
		stragglers_restart(&order->stragglers, (struct straggler_key){0});
	}
	order->end_frame = index + 1;
	for (uint32_t b = 0; b < frame->batches_count; b++)
		order->events += frame->batches[b].count;
	order->events += frame->unfinished_count;
	group = find_group(order, index);
	if (!group)
		return -ENOMEM;
	rc = stragglers_collect(&order->stragglers, index, frame, order->from, &group->span);
	/* The next frame's early events are those from before this frame's first end. */
	if (end > order->from)
		order->from = end;
	return rc;
}

/* Collects once more from the frames of group `number`. 0 or -errno. */
static int collect_group(struct order *order, size_t number, struct frame **frame)
{
	struct straggler_span span = {UINT64_MAX, 0};
	uint64_t from = order->groups[number].from;
	size_t index = order->first_frame + number * order->group_frames;
	size_t end = index + order->group_frames < order->end_frame ? index + order->group_frames : order->end_frame;
	struct ahead *ahead;
	int rc = ahead_new(&ahead, order->read, order->source, index, end);

	if (rc)
		return rc;
	for (; rc >= 0 && index < end; index++) {
		rc = ahead_next(ahead, frame);
		if (rc)
			continue;
		rc = stragglers_collect(&order->stragglers, index, *frame, from, &span);
		if (order_first_end(*frame) > from)
			from = order_first_end(*frame);
	}
	ahead_free(ahead);
	return rc < 0 ? rc : 0;
}

int order_collect(struct order *order, struct straggler_key floor)
{
	struct stragglers *stragglers = &order->stragglers;
	struct frame *frame = NULL;
	int rc = 0;

	stragglers_restart(stragglers, floor);
	for (size_t i = 0; !rc && i < order->groups_count; i++) {
		const struct straggler_span *span = &order->groups[i].span;
		if (span->earliest <= span->latest && span->latest >= floor.enter &&
		    span->earliest <= stragglers->horizon.enter)
			rc = collect_group(order, i, &frame);
	}
	frame_free(frame);
	stragglers_sort(stragglers);
	return rc;
}

int order_mark(struct order *order, const struct order_mark *mark)
{
	if (MAKE_ROOM(order->marks, order->marks_room, order->marks_count))
		return -ENOMEM;
	order->marks[order->marks_count++] = *mark;
	return 0;
}
