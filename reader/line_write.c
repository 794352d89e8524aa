// SPDX-License-Identifier: MIT
/*
 * Puts lines together of their parts: anew, or of what is kept. Many at once: a plain line of send and recv takes 250
 * instructions with its decoding, where it took 500 and each event was made whole, merged and observed by itself.
 */
#include "reader/line_parts.h"

/* `pattern` may be NULL. */
static void write_anew(struct lines *lines, const struct line_memo *memo, const struct line_pattern *pattern,
		       const struct event *event, const struct line_form *form, struct text *out)
{
	form->head(lines, event, out);
	if (form->time)
		form->time(lines, event->enter, out);
	if (pattern)
		line_pattern_write(lines, memo, pattern, event, form, out);
	else
		form->call(lines, event, out);
	form->result(lines, event, out);
	form->outcome(lines, event, out);
	if (form->duration && event->outcome != OUTCOME_UNFINISHED)
		form->duration(lines, event->enter, event->duration, out);
	form->end(lines, event, out);
	form->rest(lines, event, out);
	form->last(lines, event, out);
}

static inline void add_parts(const struct line_memo *memo, const struct line_shape *kept, enum line_part first,
			     enum line_part last, struct text *out)
{
	uint32_t begin = first ? kept->ends[first - 1] : 0;

	text_add(out, memo->text.bytes + kept->begin + begin, kept->ends[last] - begin);
}

/* What differs from what is kept is asked of the event itself. */
static void add_result(struct lines *lines, const struct batch_view *batch, uint32_t row, const struct line_form *form,
		       struct text *out)
{
	struct event event;

	batch_event(batch, row, &event);
	form->result(lines, &event, out);
}

static void add_stack(struct lines *lines, const struct batch_view *batch, uint32_t row, const struct line_form *form,
		      struct text *out)
{
	struct event event;

	batch_event(batch, row, &event);
	form->rest(lines, &event, out);
}

static inline void write_kept(struct lines *lines, const struct batch_view *batch, uint32_t row,
			      const struct line_form *form, const struct line_memo *memo, const struct line_shape *kept,
			      struct text *out)
{
	bool same = batch->result[row] == kept->result;

	if (!form->time && !form->duration && same && !kept->has_stack) {
		add_parts(memo, kept, LINE_HEAD, LINE_LAST, out);
		return;
	}
	add_parts(memo, kept, LINE_HEAD, LINE_HEAD, out);
	if (form->time)
		form->time(lines, batch->enter[row], out);
	add_parts(memo, kept, LINE_CALL, same ? LINE_OUTCOME : LINE_CALL, out);
	if (!same) {
		add_result(lines, batch, row, form, out);
		add_parts(memo, kept, LINE_OUTCOME, LINE_OUTCOME, out);
	}
	if (form->duration)
		form->duration(lines, batch->enter[row], batch->duration[row], out);
	add_parts(memo, kept, LINE_END, kept->has_stack ? LINE_END : LINE_LAST, out);
	if (kept->has_stack) {
		add_stack(lines, batch, row, form, out);
		add_parts(memo, kept, LINE_LAST, LINE_LAST, out);
	}
}

static void write_one(struct lines *lines, struct line_memo *memo, const struct trace_entry *entry,
		      const struct line_form *form, struct text *out)
{
	const struct line_shape *kept = memo ? line_keep(lines, memo, entry, form) : NULL;

	if (kept)
		write_kept(lines, entry->batch, entry->row, form, memo, kept, out);
	else
		write_anew(lines, memo, memo ? line_pattern_find(lines, memo, entry, form) : NULL, entry->event, form,
			   out);
}

void line_write(struct lines *lines, const struct trace_entry *entry, const struct line_form *form, struct text *out)
{
	write_one(lines, line_memo_find(lines, entry), entry, form, out);
}

static void write_by_pattern(struct lines *lines, const struct batch_view *batch, uint32_t row,
			     const struct line_form *form, const struct line_memo *memo, const struct line_shape *kept,
			     struct text *out)
{
	struct event event;

	batch_event(batch, row, &event);
	write_anew(lines, memo, &kept->pattern, &event, form, out);
}

/* Whether what was observed last made nothing, and no name has changed since: then quiet events need no observing. */
static bool is_settled(const struct lines *lines)
{
	return !lines->identities || lines->settled == identity_epoch(lines->identities) + 1;
}

/*
 * Those of the next rows that need nothing but what is kept: events that change no names, before anything else does.
 * Returns how many they were.
 */
static uint32_t repeat_rows(struct lines *lines, const struct trace_entry *entry, uint32_t rows,
			    const struct line_form *form, struct text *out)
{
	uint64_t until = lines->identities ? identity_quiet_until(lines->identities) : UINT64_MAX;
	const struct line_memo *memo = line_memo_find(lines, entry);
	const struct batch_view *batch = entry->batch;
	bool settled = is_settled(lines);
	uint32_t row = entry->row;

	for (; memo && row - entry->row < rows; row++) {
		struct line_shape *kept = &memo->shapes[batch->shape[row]];
		bool whole = kept->generation == memo->generation;
		if (!kept->is_quiet || batch->enter[row] >= until)
			break;
		if (!whole && !(settled && line_follows_pattern(memo, kept)))
			break;
		if (whole)
			write_kept(lines, batch, row, form, memo, kept, out);
		else
			write_by_pattern(lines, batch, row, form, memo, kept, out);
	}
	return row - entry->row;
}

/* As identity_feed(), and notes whether what follows may be quiet. */
static int feed_event(struct lines *lines, const struct trace_entry *entry)
{
	int rc = identity_feed(lines->identities, entry);

	if (lines->identities && !rc)
		lines->settled = entry->kind == TRACE_EVENT && identity_is_quiet(lines->identities, entry->event)
					 ? identity_epoch(lines->identities) + 1
					 : 0;
	return rc;
}

int line_write_rows(struct lines *lines, const struct trace_entry *entry, uint32_t rows, const struct line_form *form,
		    struct text *out)
{
	struct trace_entry next = *entry;
	struct event event;
	int rc = 0;

	while (!rc && rows) {
		uint32_t done = next.batch ? repeat_rows(lines, &next, rows, form, out) : 0;
		next.row += done;
		rows -= done;
		if (!rows)
			break;
		if (next.batch) {
			batch_event(next.batch, next.row, &event);
			next.event = &event;
			next.ticks = event.enter;
		}
		rc = feed_event(lines, &next);
		if (!rc)
			line_write(lines, &next, form, out);
		next.row++;
		rows--;
	}
	return rc;
}
