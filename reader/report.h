// SPDX-License-Identifier: MIT
/*
 * The parts of a report: what each gathers over the events of a trace, and how it prints it. The command itself, which
 * knows where the events come from, is in report.c.
 */
#ifndef IPCTRACE_READER_REPORT_H
#define IPCTRACE_READER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/frame.h"
#include "reader/flow.h"
#include "reader/histogram.h"
#include "reader/identity.h"
#include "reader/text.h"

enum report_sort { SORT_TIME, SORT_COUNT, SORT_ERRORS, SORT_BYTES, SORT_MEAN, SORT_MAX, SORT_NAME };

/* What all parts need to know. */
struct report_view {
	const struct catalogue *catalogue;
	const uint8_t *enabled;	  /* by call: counted at all */
	const struct flow *flows; /* by call */
	double ns_per_tick;
	enum report_sort sort;
	bool colour, all; /* all: no table is cut short */
};

/* A time for people, or ns for machines. */
uint64_t report_ns(const struct report_view *view, uint64_t ticks);

/* Writes what may be cut short as a note: "312 more; --all shows them". */
void report_note_more(const struct report_view *view, struct text *out, size_t more);

struct trace;

/* ---- by error (report_error.c): of one call ---- */

struct error_tally {
	uint32_t error;
	uint64_t count;
};

/* Zero it, and free its rows. */
struct error_tallies {
	struct error_tally *rows;
	uint32_t count;
};

/* 0 or -ENOMEM. */
int error_tallies_add(struct error_tallies *tallies, uint32_t error, uint64_t count);

/* A line, the most frequent first, or nothing; a JSON object. */
void error_tallies_print(struct error_tallies *tallies, const struct call_spec *call, struct text *out);
void error_tallies_print_json(struct error_tallies *tallies, const struct call_spec *call, struct text *out);

/* ---- by call (report_call.c): from columns, frames in any order ---- */

struct call_tally {
	struct histogram *durations; /* NULL while there was none; in ticks */
	uint64_t errors, bytes, unfinished;
	struct error_tallies by_error;
};

/* What the events of one shape of a batch have in common, and what they add up to. */
struct shape_tally {
	struct histogram *durations; /* NULL: not to be counted */
	uint64_t count, positive;    /* events, and the sum of results above 0 */
};

/* One a call of the catalogue. Zero it, and free it with call_tallies_free(). */
struct call_tallies {
	struct call_tally *rows;
	uint32_t count;
	struct shape_tally *of_shape; /* scratch */
	uint32_t shapes_capacity;
};

int call_tallies_make(struct call_tallies *tallies, const struct catalogue *catalogue);
void call_tallies_free(struct call_tallies *tallies);

/* Counts all events of a frame. 0 or -ENOMEM. */
int call_tallies_add(struct call_tallies *tallies, const struct report_view *view, const struct frame *frame);

/* Counts one event of the call with this number; for events that are chosen one by one. 0 or -ENOMEM. */
int call_tallies_add_event(struct call_tallies *tallies, const struct report_view *view, const struct event *event,
			   uint32_t call);

void call_tallies_print(const struct call_tallies *tallies, const struct report_view *view, struct text *out);
void call_tallies_print_json(const struct call_tallies *tallies, const struct report_view *view, struct text *out);

/* ---- by object (report_object.c): events in order of time ---- */

struct object_tallies;
struct use;

int object_tallies_new(struct object_tallies **tallies, const struct report_view *view, struct identities *identity);
void object_tallies_free(struct object_tallies *tallies);

/*
 * The event that the identity has just observed. 0 or -ENOMEM. *used is what it was counted in, good for
 * object_tallies_repeat() until identity_epoch() changes, or NULL.
 */
int object_tallies_add(struct object_tallies *tallies, const struct event *event, uint32_t call, struct use **used);

/* The same for another event of the same process, call and arguments. */
void object_tallies_repeat(struct object_tallies *tallies, struct use *use, const struct event *event, uint32_t call);

/* Nothing more comes; the identity is finished. 0 or -ENOMEM. */
int object_tallies_finish(struct object_tallies *tallies);
void object_tallies_print(struct object_tallies *tallies, struct text *out);
void object_tallies_print_json(struct object_tallies *tallies, struct text *out);

/* ---- that did not return (report_unfinished.c): events in order of time ---- */

struct unfinished_tallies;
struct trace_entry;

int unfinished_tallies_new(struct unfinished_tallies **tallies, const struct report_view *view, struct trace *trace,
			   struct identities *identity);
void unfinished_tallies_free(struct unfinished_tallies *tallies);

/* An event with that outcome, which the identity has just observed. 0 or -ENOMEM. */
int unfinished_tallies_add(struct unfinished_tallies *tallies, const struct trace_entry *entry);
bool unfinished_tallies_any(const struct unfinished_tallies *tallies);
void unfinished_tallies_print(struct unfinished_tallies *tallies, struct text *out);
void unfinished_tallies_print_json(struct unfinished_tallies *tallies, struct text *out);

/* ---- by process and thread (report_process.c): events in order of time ---- */

struct process_tallies;

int process_tallies_new(struct process_tallies **tallies, const struct report_view *view, struct identities *identity);
void process_tallies_free(struct process_tallies *tallies);

/* Where an event was counted; good for process_tallies_repeat() until identity_epoch() changes. */
struct process_place {
	uint32_t process, thread;
};

int process_tallies_add(struct process_tallies *tallies, const struct event *event, struct process_place *place);

/* The same for another event of the same thread. */
void process_tallies_repeat(struct process_tallies *tallies, struct process_place place, const struct event *event);

/* `threads`: with a line for each thread below its process. */
/* The sums of all images of a program: of those that run the same file, and of their forks. */
void process_tallies_print_programs(const struct process_tallies *tallies, struct text *out);
void process_tallies_print_programs_json(const struct process_tallies *tallies, struct text *out);
void process_tallies_print(struct process_tallies *tallies, bool threads, struct text *out);
void process_tallies_print_json(struct process_tallies *tallies, struct text *out);

#endif
