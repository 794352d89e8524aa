// SPDX-License-Identifier: MIT
/*
 * What is kept of lines: most events are like one of their batch before, while no descriptor, process or thread came or
 * went, and their lines differ in numbers alone. Kept, 1 M lines of send and recv with names (-y -tt) take 0.09 s of a
 * processor instead of 0.31, in JSON 0.12 s instead of 0.36. Of other events the call is kept as a pattern: see
 * line_pattern.c.
 */
#include "reader/line_parts.h"

#include <stdlib.h>

/* Shapes of a batch that is worth the trouble have so many events each. */
#define EVENTS_WORTH 8u
/* What is kept of all batches in memory together, about, and of one at least: text, and as much of patterns. */
#define KEPT_MAX   (8u << 20)
#define KEPT_LEAST 4096u
#define MEMOS_FEW  64u
/* A byte of an item is not often spelled in more characters. */
#define SPELLING_MAX 16u

void line_memos_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->memos_count; i++) {
		free(lines->memos[i].shapes);
		text_free(&lines->memos[i].text);
		text_free(&lines->memos[i].common);
		free(lines->memos[i].gaps);
	}
	free(lines->memos);
	lines->memos = NULL;
	lines->memos_count = lines->kept_max = 0;
}

static bool memos_reserve(struct lines *lines, uint32_t slot)
{
	size_t count = 2 * (slot + 1ul), share = KEPT_MAX / (count < MEMOS_FEW ? MEMOS_FEW : count);
	struct line_memo *memos = reallocarray(lines->memos, count, sizeof(*memos));

	if (!memos)
		return false;
	memset(memos + lines->memos_count, 0, (count - lines->memos_count) * sizeof(*memos));
	lines->memos = memos;
	lines->memos_count = count;
	lines->kept_max = share < KEPT_LEAST ? KEPT_LEAST : share;
	return true;
}

static void memo_forget(struct line_memo *memo)
{
	memo->text.size = 0;
	memo->generation++;
}

static void memo_forget_common(struct line_memo *memo)
{
	memo->common.size = 0;
	memo->gaps_count = 0;
	memo->common_generation++;
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
	memo_forget_common(memo);
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
	if (memo->epoch != epoch || memo->text.size > lines->kept_max)
		memo_forget(memo);
	if (memo->common.size + memo->gaps_count * sizeof(*memo->gaps) > lines->kept_max)
		memo_forget_common(memo);
	memo->epoch = epoch;
	return memo;
}

/* Whether the text of what events of a shape have in common is not too long to be kept. */
static bool is_short(const struct lines *lines, const struct batch_shape *shape)
{
	size_t size = 0;

	for (uint32_t i = 0; i < shape->items.count; i++)
		size += shape->items.items[i].size;
	return size <= lines->kept_max / SPELLING_MAX;
}

const struct line_pattern *line_pattern_find(struct lines *lines, struct line_memo *memo,
					     const struct trace_entry *entry, const struct line_form *form)
{
	const struct batch_shape *common = &entry->batch->shapes[entry->batch->shape[entry->row]];
	struct line_shape *shape = &memo->shapes[entry->batch->shape[entry->row]];

	if (shape->common_generation != memo->common_generation) {
		shape->common_generation = memo->common_generation;
		shape->varies = common->varying;
		shape->is_quiet = !lines->identities || identity_is_quiet(lines->identities, entry->event);
		shape->has_pattern = (common->varying || lines->identities) &&
				     entry->event->outcome != OUTCOME_UNFINISHED && is_short(lines, common) &&
				     line_pattern_make(lines, memo, common, entry->event, form, &shape->pattern);
	}
	return shape->has_pattern ? &shape->pattern : NULL;
}

static void spell_call(struct lines *lines, struct line_memo *memo, const struct trace_entry *entry,
		       const struct line_form *form)
{
	const struct line_pattern *pattern = line_pattern_find(lines, memo, entry, form);

	if (pattern)
		line_pattern_write(lines, memo, pattern, entry->event, form, &memo->text);
	else
		form->call(lines, entry->event, &memo->text);
}

static void shape_spell(struct lines *lines, struct line_memo *memo, const struct trace_entry *entry,
			const struct line_form *form, struct line_shape *shape)
{
	const struct event *event = entry->event;
	struct text *text = &memo->text;
	uint32_t depth;

	shape->begin = (uint32_t)text->size;
	shape->result = event->result;
	shape->is_quiet = !lines->identities || identity_is_quiet(lines->identities, event);
	shape->has_stack = line_stack(lines, event, &depth);
	form->head(lines, event, text);
	shape->ends[LINE_HEAD] = (uint32_t)(text->size - shape->begin);
	spell_call(lines, memo, entry, form);
	shape->ends[LINE_CALL] = (uint32_t)(text->size - shape->begin);
	form->result(lines, event, text);
	shape->ends[LINE_RESULT] = (uint32_t)(text->size - shape->begin);
	form->outcome(lines, event, text);
	shape->ends[LINE_OUTCOME] = (uint32_t)(text->size - shape->begin);
	form->end(lines, event, text);
	shape->ends[LINE_END] = (uint32_t)(text->size - shape->begin);
	form->last(lines, event, text);
	shape->ends[LINE_LAST] = (uint32_t)(text->size - shape->begin);
}

const struct line_shape *line_keep(struct lines *lines, struct line_memo *memo, const struct trace_entry *entry,
				   const struct line_form *form)
{
	const struct batch_view *batch = entry->batch;
	uint32_t number = batch->shape[entry->row];
	struct line_shape *shape = &memo->shapes[number];

	if (shape->generation == memo->generation)
		return shape;
	/* names may change with every call: it is worth keeping what is met twice between two changes */
	if (lines->identities && shape->met != memo->generation) {
		shape->met = memo->generation;
		return NULL;
	}
	/* what varies is not in the shape, and unfinished calls have no duration */
	if (batch->shapes[number].varying || entry->event->outcome == OUTCOME_UNFINISHED ||
	    !is_short(lines, &batch->shapes[number]))
		return NULL;
	shape_spell(lines, memo, entry, form, shape);
	if (memo->text.failed)
		return NULL;
	shape->generation = memo->generation;
	return shape;
}
