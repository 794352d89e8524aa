// SPDX-License-Identifier: MIT
/*
 * What the calls of one shape have in common as text, and the gaps in it: names, which are asked for each time,
 * arguments that vary, and the blanks before the result. It stays true when names change, and serves events of which
 * only a part is alike. Nothing here knows how a call is spelled.
 */
#include "reader/line_parts.h"
#include "reader/room.h"

#include <errno.h>
#include <stdlib.h>

/* Gaps of one call; one that has more is made anew each time. */
#define GAPS_MAX 64u

struct pattern_maker {
	struct lines *lines;
	struct line_memo *memo;
	struct line_pattern *pattern;
	const struct value_style *style; /* how values are spelled otherwise */
	const struct call_spec *call;
	const struct batch_varying *varying; /* NULL: nothing does */
	bool failed;
};

static void gap_note(struct pattern_maker *maker, struct line_gap gap)
{
	struct line_memo *memo = maker->memo;

	maker->failed = maker->failed || maker->pattern->gaps_count == GAPS_MAX ||
			MAKE_ROOM(memo->gaps, memo->gaps_room, memo->gaps_count);
	if (maker->failed)
		return;
	gap.at = (uint32_t)(memo->common.size - maker->pattern->begin);
	memo->gaps[memo->gaps_count++] = gap;
	maker->pattern->gaps_count++;
}

static const char *note_name(void *context, const struct event *event, enum kind kind, uint64_t value,
			     enum value_role role)
{
	struct pattern_maker *maker = context;

	if (line_wants_name(maker->lines, kind, role))
		gap_note(maker, (struct line_gap){.what = GAP_NAME, .kind = kind, .role = role, .value = value});
	return NULL;
}

/* The word varies, or what it points to does. */
static bool arg_varies(const struct batch_varying *varying, const struct value_spec *value, unsigned arg)
{
	bool is_word = value->direction == DIRECTION_NONE && value->kind < KIND_BYTES;

	return varying && (varying->args[arg] || (varying->lists && !is_word));
}

static bool note_arg(void *context, unsigned arg)
{
	struct pattern_maker *maker = context;

	if (!arg_varies(maker->varying, &maker->call->args[arg].value, arg))
		return false;
	gap_note(maker, (struct line_gap){.what = GAP_ARG, .arg = (uint8_t)arg});
	return true;
}

void line_pattern_note_blanks(struct pattern_maker *maker)
{
	gap_note(maker, (struct line_gap){.what = GAP_BLANKS});
}

/* Whether what varies decides only over itself: not over which arguments there are, and what they are. */
static bool is_plain(const struct batch_shape *shape)
{
	const struct batch_varying *varying = shape->varying;

	for (unsigned arg = 0; varying && arg < shape->call->argc; arg++) {
		const struct value_spec *value = &shape->call->args[arg].value;
		if (value->kind == KIND_SELECT || (value->optional && varying->args[arg]))
			return false;
	}
	return !varying || !(shape->borrowed && varying->lists);
}

bool line_pattern_make(struct lines *lines, struct line_memo *memo, const struct batch_shape *shape,
		       const struct event *event, const struct line_form *form, struct line_pattern *pattern)
{
	struct value_style style = lines->values;
	struct pattern_maker maker = {lines, memo, pattern, &style, shape->call, shape->varying, false};

	if (!is_plain(shape))
		return false;
	*pattern = (struct line_pattern){.begin = (uint32_t)memo->common.size, .gaps = (uint32_t)memo->gaps_count};
	lines->values.object_name = style.object_name ? note_name : NULL;
	lines->values.leaves_out = note_arg;
	lines->values.context = lines->making = &maker;
	form->call(lines, event, &memo->common);
	lines->values = style;
	lines->making = NULL;
	pattern->size = (uint32_t)(memo->common.size - pattern->begin);
	return !maker.failed && !memo->common.failed;
}

void line_pattern_write(struct lines *lines, const struct line_memo *memo, const struct line_pattern *pattern,
			const struct event *event, const struct line_form *form, struct text *out)
{
	const char *text = memo->common.bytes + pattern->begin;
	size_t begin = out->size;
	uint32_t at = 0;

	for (uint32_t i = 0; i < pattern->gaps_count; i++) {
		const struct line_gap *gap = &memo->gaps[pattern->gaps + i];
		text_add(out, text + at, gap->at - at);
		at = gap->at;
		if (gap->what == GAP_NAME)
			value_print_name(out, event, &lines->values, gap->kind, gap->value, gap->role);
		else if (gap->what == GAP_ARG)
			form->arg(lines, event, gap->arg, out);
		else
			form->blanks(lines, begin, out);
	}
	text_add(out, text + at, pattern->size - at);
}
