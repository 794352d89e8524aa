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
 * How lines of a form are spelled, in this order. Head, call, outcome and end must be equal for equal shapes as long as
 * no object gets another name, and the result for equal results as well; time, duration and rest are made for each
 * event anew.
 */
struct line_form {
	void (*head)(struct lines *lines, const struct event *event, struct text *out);
	void (*time)(struct lines *lines, const struct event *event, struct text *out);
	void (*call)(struct lines *lines, const struct event *event, struct text *out);
	void (*result)(struct lines *lines, const struct event *event, struct text *out);
	void (*outcome)(struct lines *lines, const struct event *event, struct text *out);
	void (*duration)(struct lines *lines, const struct event *event, struct text *out);
	void (*end)(struct lines *lines, const struct event *event, struct text *out);
	void (*rest)(struct lines *lines, const struct event *event, struct text *out);
};

/* The parts that are kept. */
enum line_part { LINE_HEAD, LINE_CALL, LINE_RESULT, LINE_OUTCOME, LINE_END, LINE_PARTS };

struct line_kept {
	const char *bytes;    /* valid until the next line */
	const uint32_t *ends; /* where each part ends */
	int64_t result;
};

/* Adds the line of an event in any form. */
void line_write(struct lines *lines, const struct trace_entry *entry, const struct line_form *form, struct text *out);

/*
 * What is kept of events like this one; made now when it is the first of them. False when nothing can be kept. All
 * lines of one `lines` must be of one form.
 */
bool line_keep(struct lines *lines, const struct trace_entry *entry, const struct line_form *form,
	       struct line_kept *kept);
void line_memos_free(struct lines *lines);

/* The addresses behind an event's stack, or NULL. */
const uint64_t *line_stack(const struct lines *lines, const struct event *event, uint32_t *depth);

#endif
