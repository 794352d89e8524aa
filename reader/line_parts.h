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

/* The parts of one shape's lines: one after the other in the memo's text. */
struct line_shape {
	uint32_t generation; /* that of the memo, or nothing is kept */
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
	uint32_t generation;
	uint32_t shapes_room;
	struct line_shape *shapes;
	struct text text;
};

/* The memo of an entry's batch, with nothing in it that is no longer true; NULL when nothing is to be kept. */
struct line_memo *line_memo_find(struct lines *lines, const struct trace_entry *entry);

/* What is kept of events like this one; made now when it is the first of them. NULL when that is not possible. */
const struct line_shape *line_keep(struct lines *lines, struct line_memo *memo, const struct trace_entry *entry,
				   const struct line_form *form);
void line_memos_free(struct lines *lines);

/* The addresses behind an event's stack, or NULL. */
const uint64_t *line_stack(const struct lines *lines, const struct event *event, uint32_t *depth);

#endif
