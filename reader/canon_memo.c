// SPDX-License-Identifier: MIT
/*
 * Only shapes whose arguments do not vary are kept, and of what is behind pointers nothing but payload may vary.
 */
#include "reader/canon_memo.h"

#include <stdlib.h>
#include <string.h>

/* Shapes of a batch that is worth the trouble have so many events each. */
#define EVENTS_WORTH 8u
/* Shapes of all batches in memory that are kept, at most: some 20 MB. Honest logs have hundreds a thread. */
#define SHAPES_MAX (1u << 16)

static bool make_batches(struct canon_memos *memos, uint32_t slot)
{
	uint32_t room = 2 * (slot + 1);
	struct canon_memo_batch *batches = reallocarray(memos->batches, room, sizeof(*batches));

	if (!batches)
		return false;
	memset(batches + memos->room, 0, (room - memos->room) * sizeof(*batches));
	memos->batches = batches;
	memos->room = room;
	return true;
}

static bool make_shapes(struct canon_memos *memos, struct canon_memo_batch *batch, uint32_t count)
{
	uint32_t others = memos->shapes - batch->room;
	struct canon_memo *shapes = count > SHAPES_MAX - others ? NULL : calloc(count, sizeof(*shapes));

	if (!shapes)
		return false;
	memos->shapes = others + count;
	free(batch->shapes);
	batch->shapes = shapes;
	batch->room = count;
	return true;
}

static bool has_varying_arguments(const struct batch_shape *shape)
{
	for (unsigned i = 0; shape->varying && i < shape->call->argc; i++)
		if (shape->varying->args[i])
			return true;
	return false;
}

/* Whether what is behind the pointers of an event is no more than payload. */
static bool has_payload_alone(const struct event *event)
{
	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].arg < event->call->argc && event->items[i].form != ITEM_PAYLOAD)
			return false;
	return true;
}

struct canon_memo *canon_memo_find(struct canon_memos *memos, const struct trace_entry *entry)
{
	const struct batch_view *batch = entry->batch;
	struct canon_memo_batch *kept;

	if (!batch || entry->event->borrowed || batch->shapes_count > batch->count / EVENTS_WORTH)
		return NULL;
	if (entry->slot >= memos->room && !make_batches(memos, entry->slot))
		return NULL;
	kept = &memos->batches[entry->slot];
	if (batch->shapes_count > kept->room && !make_shapes(memos, kept, batch->shapes_count))
		return NULL;
	const struct batch_shape *shape = &batch->shapes[batch->shape[entry->row]];
	if (shape->varying && (has_varying_arguments(shape) || !has_payload_alone(entry->event)))
		return NULL;
	return &kept->shapes[shape - batch->shapes];
}

/* Of what was received it only counts that there was something. */
static bool is_like(const struct canon_memo *memo, const struct event *event)
{
	const struct canon_rule *rule = memo->view.rule;

	return memo->has_view && memo->result > 0 && event->result > 0 && event->call->result.kind == KIND_SIZE &&
	       rule->flow.direction == FLOW_RECEIVED;
}

bool canon_memo_fits(const struct canon_memo *memo, const struct trace_entry *entry, uint64_t stamp)
{
	return memo->serial == entry->serial && memo->stamp == stamp &&
	       (memo->result == entry->event->result || is_like(memo, entry->event));
}

void canon_memos_free(struct canon_memos *memos)
{
	for (uint32_t i = 0; i < memos->room; i++)
		free(memos->batches[i].shapes);
	free(memos->batches);
}
