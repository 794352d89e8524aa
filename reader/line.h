// SPDX-License-Identifier: MIT
/*
 * One event as one line, of text or of JSON; with it the names of its objects and its call stack.
 *
 * Nothing here chooses events or writes anywhere: lines are added to a text.
 */
#ifndef IPCTRACE_READER_LINE_H
#define IPCTRACE_READER_LINE_H

#include "reader/identity.h"
#include "reader/symbol.h"
#include "reader/trace.h"
#include "reader/value.h"

struct line_style {
	unsigned time;	/* 0 none, 1 time of day, 2 with microseconds, 3 since the epoch with microseconds */
	unsigned names; /* 0 none, 1 of descriptors, 2 of everything that has one */
	bool relative;	/* time since the call before it in the output was entered */
	bool durations; /* time spent in the call */
	bool threads;	/* who made the call */
	bool color;
	bool stacks;
	uint32_t string_limit;
};

struct line_memo;
struct pattern_maker;

struct lines {
	struct trace *trace;
	struct identities *identities; /* NULL when no names are wanted; else the event was observed */
	struct symbols *symbols;       /* NULL when no stacks are wanted */
	struct line_style style;
	struct value_style values;
	struct pattern_maker *making; /* while what calls have in common is spelled, else NULL */
	struct line_memo *memos;      /* by the slot of the batch */
	size_t memos_count;
	size_t kept_max;   /* bytes that each of them may keep */
	uint64_t settled;  /* the epoch of the identity, plus one, when the last event observed was quiet; else 0 */
	uint64_t previous; /* time of the line before, ns since the epoch */
	uint64_t second;   /* whose time of day is in `clock` */
	char clock[16];
	uint32_t caller; /* whose thread id is in `head` */
	uint8_t head_size;
	char head[40];
	uint64_t json_second; /* as `second`, for JSON, where it is a number */
	uint8_t json_clock_size;
	char json_clock[24];
};

/* `style`, `trace`, `identities` and `symbols` are set before. */
void lines_begin(struct lines *lines);
void lines_end(struct lines *lines);

/* Adds the line of an event, and those of its stack, to `out`. */
void line_print(struct lines *lines, const struct trace_entry *entry, struct text *out);
void line_print_json(struct lines *lines, const struct trace_entry *entry, struct text *out);

/* Adds the line of a control. */
void line_print_control(struct lines *lines, const struct trace_entry *entry, struct text *out);
void line_print_control_json(struct lines *lines, const struct trace_entry *entry, struct text *out);

/*
 * As identity_feed() and line_print() for each of `rows` events that trace_next_rows() gave, one after the other. 0 or
 * -ENOMEM.
 */
int line_print_rows(struct lines *lines, const struct trace_entry *entry, uint32_t rows, struct text *out);
int line_print_json_rows(struct lines *lines, const struct trace_entry *entry, uint32_t rows, struct text *out);

/* Tells `identities` (NULL: nobody) of an entry. 0 or -ENOMEM. */
int identity_feed(struct identities *identities, const struct trace_entry *entry);

/* One frame of a stack as text: "/usr/bin/echo(main+0x1c) echo.c:41" or "/usr/lib/x.so+0x1234". */
void line_print_frame(struct lines *lines, const struct event *event, uint64_t address, struct text *out);

/* The same for an `address` in process `pid` at a moment. */
void frame_print(struct trace *trace, struct symbols *symbols, uint32_t pid, uint64_t ticks, uint64_t address,
		 struct text *out);

#endif
