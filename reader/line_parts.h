// SPDX-License-Identifier: MIT
/*
 * The inside of lines: the parts of which each form is put together, and what is kept of them. For reader/line*.c
 * alone.
 */
#ifndef IPCTRACE_READER_LINE_PARTS_H
#define IPCTRACE_READER_LINE_PARTS_H

#include "reader/json.h"
#include "reader/line.h"

/*
 * How lines of a form are spelled, in this order. Time, duration and rest are made for each event anew. All else must
 * be equal for equal shapes as long as no object gets another name; the result for equal results.
 */
struct line_form {
	void (*head)(struct lines *lines, const struct event *event, struct text *out);
	void (*time)(struct lines *lines, uint64_t ticks, struct text *out); /* may be NULL */
	void (*call)(struct lines *lines, const struct event *event, struct text *out);
	/* What fills the gaps that were left in a call: an argument, and the blanks behind what begins at `begin`. */
	void (*arg)(struct lines *lines, const struct event *event, unsigned arg, struct text *out);
	void (*blanks)(struct lines *lines, size_t begin, struct text *out); /* NULL in forms that have none */
	void (*result)(struct lines *lines, const struct event *event, struct text *out);
	void (*outcome)(struct lines *lines, const struct event *event, struct text *out);
	/* Not for unfinished calls; may be NULL. */
	void (*duration)(struct lines *lines, uint64_t ticks, uint64_t duration, struct text *out);
	void (*end)(struct lines *lines, const struct event *event, struct text *out);
	void (*rest)(struct lines *lines, const struct event *event, struct text *out); /* nothing without a stack */
	void (*last)(struct lines *lines, const struct event *event, struct text *out);
};

/* Adds the line of an event in any form. */
void line_write(struct lines *lines, const struct trace_entry *entry, const struct line_form *form, struct text *out);

/* As line_print_rows(), in any form. */
int line_write_rows(struct lines *lines, const struct trace_entry *entry, uint32_t rows, const struct line_form *form,
		    struct text *out);

/* The parts that are kept. */
enum line_part { LINE_HEAD, LINE_CALL, LINE_RESULT, LINE_OUTCOME, LINE_END, LINE_LAST, LINE_PARTS };

enum line_gap_kind { GAP_NAME, GAP_ARG, GAP_BLANKS };

/* A place in what calls have in common, and what belongs there. */
struct line_gap {
	uint32_t at;	    /* from where the text begins */
	uint8_t what;	    /* enum line_gap_kind */
	uint8_t arg;	    /* of GAP_ARG */
	uint8_t kind, role; /* of GAP_NAME: that of `value` */
	uint64_t value;
};

/* What calls of one shape have in common: a piece of the memo's common text, and some of its gaps. */
struct line_pattern {
	uint32_t begin, size;
	uint32_t gaps, gaps_count;
};

/* The parts of one shape's lines: one after the other in the memo's text. */
struct line_shape {
	uint64_t generation;	    /* that of the memo, or nothing is kept */
	uint64_t met;		    /* the memo's generation when one was last spelled by the pattern */
	uint64_t common_generation; /* that of the memo, or it is not known whether there is a pattern */
	struct line_pattern pattern;
	bool has_pattern, varies;
	uint32_t begin;
	uint32_t ends[LINE_PARTS]; /* from `begin` */
	int64_t result;
	bool is_quiet;	/* such calls change no names */
	bool has_stack; /* there is a rest */
};

/* What is kept of one batch. */
struct line_memo {
	uint64_t serial; /* of the batch */
	uint64_t epoch;	 /* of the names */
	uint32_t shapes_room;
	struct line_shape *shapes;
	struct text text;    /* of what is true as long as the names are */
	uint64_t generation; /* of it */
	struct text common;  /* of the patterns */
	uint64_t common_generation;
	struct line_gap *gaps;
	size_t gaps_count, gaps_room;
};

/* The memo of an entry's batch, with nothing in it that is no longer true; NULL when nothing is to be kept. */
struct line_memo *line_memo_find(struct lines *lines, const struct trace_entry *entry);

/* What is kept of events like this one; made now when it is the first of them. NULL when that is not possible. */
const struct line_shape *line_keep(struct lines *lines, struct line_memo *memo, const struct trace_entry *entry,
				   const struct line_form *form);
void line_memos_free(struct lines *lines);

/* What calls like this one have in common; made now when it is the first of them. NULL when nothing is kept of it. */
const struct line_pattern *line_pattern_find(struct lines *lines, struct line_memo *memo,
					     const struct trace_entry *entry, const struct line_form *form);

/* Whether the next call of a shape is spelled by its pattern: it varies, or is the first since names changed. */
static inline bool line_follows_pattern(const struct line_memo *memo, struct line_shape *shape)
{
	bool is_first = shape->met != memo->generation;

	shape->met = memo->generation;
	return (shape->varies || is_first) && shape->has_pattern && shape->common_generation == memo->common_generation;
}

/* Spells the call of `event`, which has this `shape`, leaving gaps. False when that is not possible. */
bool line_pattern_make(struct lines *lines, struct line_memo *memo, const struct batch_shape *shape,
		       const struct event *event, const struct line_form *form, struct line_pattern *pattern);

/* The call of an event as form->call() would spell it. */
void line_pattern_write(struct lines *lines, const struct line_memo *memo, const struct line_pattern *pattern,
			const struct event *event, const struct line_form *form, struct text *out);

/* For form->call() while lines->making is set: leaves the blanks before the result to form->blanks(). */
struct pattern_maker;
void line_pattern_note_blanks(struct pattern_maker *maker);

/* Whether the name of what such a number means belongs into a line. */
bool line_wants_name(const struct lines *lines, enum kind kind, enum value_role role);

/* The addresses behind an event's stack, or NULL. */
const uint64_t *line_stack(const struct lines *lines, const struct event *event, uint32_t *depth);

#endif
