// SPDX-License-Identifier: MIT
/*
 * What is kept of lines: most events are like one of their batch before, while no descriptor, process or thread came or
 * went, and their lines differ in numbers alone. Kept, 1 M lines of send and recv with names (-y -tt) take 0.09 s of a
 * processor instead of 0.31, in JSON 0.12 s instead of 0.36.
 */
#include "reader/line_parts.h"

#include <stdlib.h>

/* Shapes of a batch that is worth the trouble have so many events each. */
#define EVENTS_WORTH 8u
/* Text that is kept of all batches in memory together, about, and of one at least. */
#define KEPT_MAX   (16u << 20)
#define KEPT_LEAST 4096u
#define MEMOS_FEW  64u
/* A byte of an item is not often spelled in more characters. */
#define SPELLING_MAX 16u

void line_memos_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->memos_count; i++) {
		free(lines->memos[i].shapes);
		text_free(&lines->memos[i].text);
	}
	free(lines->memos);
	lines->memos = NULL;
	lines->memos_count = 0;
}

static size_t kept_max(const struct lines *lines)
{
	size_t share = KEPT_MAX / (lines->memos_count < MEMOS_FEW ? MEMOS_FEW : lines->memos_count);

	return share < KEPT_LEAST ? KEPT_LEAST : share;
}

static bool memos_reserve(struct lines *lines, uint32_t slot)
{
	size_t count = 2 * (slot + 1ul);
	struct line_memo *memos = reallocarray(lines->memos, count, sizeof(*memos));

	if (!memos)
		return false;
	memset(memos + lines->memos_count, 0, (count - lines->memos_count) * sizeof(*memos));
	lines->memos = memos;
	lines->memos_count = count;
	return true;
}

static void memo_forget(struct line_memo *memo)
{
	memo->text.size = 0;
	if (!++memo->generation) {
		memset(memo->shapes, 0, memo->shapes_room * sizeof(*memo->shapes));
		memo->generation = 1;
	}
}

/* Begins with a batch of which nothing is kept. */
static bool memo_begin(struct line_memo *memo, const struct trace_entry *entry)
{
	uint32_t count = entry->batch->shapes_count;

	if (memo->shapes_room < count) {
		struct line_shape *shapes = reallocarray(memo->shapes, count, sizeof(*shapes));
		if (!shapes)
			return false;
		memset(shapes + memo->shapes_room, 0, (count - memo->shapes_room) * sizeof(*shapes));
		memo->shapes = shapes;
		memo->shapes_room = count;
	}
	memo_forget(memo);
	memo->serial = entry->serial;
	return true;
}

struct line_memo *line_memo_find(struct lines *lines, const struct trace_entry *entry)
{
	uint64_t epoch = lines->identities ? identity_epoch(lines->identities) : 0;
	struct line_memo *memo;

	if (!entry->batch || entry->batch->shapes_count > entry->batch->count / EVENTS_WORTH)
		return NULL;
	if (entry->slot >= lines->memos_count && !memos_reserve(lines, entry->slot))
		return NULL;
	memo = &lines->memos[entry->slot];
	if (memo->serial != entry->serial && !memo_begin(memo, entry))
		return NULL;
	if (memo->epoch != epoch || memo->text.size > kept_max(lines))
		memo_forget(memo);
	memo->epoch = epoch;
	return memo;
}

/* Whether the text of an event is not too long to be kept. */
static bool is_short(const struct lines *lines, const struct event *event)
{
	size_t size = 0;

	for (uint32_t i = 0; i < event->items_count; i++)
		size += event->items[i].size;
	return size <= kept_max(lines) / SPELLING_MAX;
}

static void shape_spell(struct lines *lines, const struct event *event, const struct line_form *form,
			struct line_shape *shape, struct text *text)
{
	void (*const parts[LINE_PARTS])(struct lines *, const struct event *, struct text *) = {
		[LINE_HEAD] = form->head,	[LINE_CALL] = form->call, [LINE_RESULT] = form->result,
		[LINE_OUTCOME] = form->outcome, [LINE_END] = form->end,	  [LINE_LAST] = form->last,
	};
	uint32_t depth;

	shape->begin = (uint32_t)text->size;
	shape->result = event->result;
	shape->is_quiet = !lines->identities || identity_is_quiet(lines->identities, event);
	shape->has_stack = line_stack(lines, event, &depth);
	for (unsigned part = 0; part < LINE_PARTS; part++) {
		parts[part](lines, event, text);
		shape->ends[part] = (uint32_t)(text->size - shape->begin);
	}
}

const struct line_shape *line_keep(struct lines *lines, struct line_memo *memo, const struct trace_entry *entry,
				   const struct line_form *form)
{
	const struct batch_view *batch = entry->batch;
	uint32_t number = batch->shape[entry->row];
	struct line_shape *shape = &memo->shapes[number];

	if (shape->generation == memo->generation)
		return shape;
	/* what varies is not in the shape, and unfinished calls have no duration */
	if (batch->shapes[number].varying || entry->event->outcome == OUTCOME_UNFINISHED ||
	    !is_short(lines, entry->event))
		return NULL;
	shape_spell(lines, entry->event, form, shape, &memo->text);
	if (memo->text.failed)
		return NULL;
	shape->generation = memo->generation;
	return shape;
}
