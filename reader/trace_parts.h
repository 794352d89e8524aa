// SPDX-License-Identifier: MIT
/*
 * The inside of a trace, shared by reader/trace.c and reader/trace_live.c alone.
 */
#ifndef IPCTRACE_READER_TRACE_PARTS_H
#define IPCTRACE_READER_TRACE_PARTS_H

#include "reader/ahead.h"
#include "reader/clock.h"
#include "reader/order.h"
#include "reader/tables.h"
#include "reader/trace.h"

struct trace {
	struct trace_opening settings;
	char *path;
	struct log *log;
	struct log *live; /* NULL when nothing was salvaged */
	struct log_writer *live_memory;
	struct tables tables;
	struct clock clock;
	struct order order;
	size_t surveyed; /* frames that have been looked at */
	uint64_t *calls; /* of each `calls_stride` of these, CALL_WORDS words: which calls are in them, a bit each */
	size_t calls_stride;
	struct ahead *ahead; /* over those that have not; NULL when nobody is about to look */
	bool is_last_round;
};

/* Reads the live area into a log in memory, trace->live. 0, also when there is none or it cannot be used; -errno. */
int trace_salvage_live(struct trace *trace, struct log_trouble *trouble);
void trace_drop_live(struct trace *trace);

/*
 * Whether everything is still in the live area: its collector was killed before the log's first frame was whole. `rc`
 * is what log_open() said.
 */
bool trace_is_unwritten(const struct trace *trace, int rc);

/* Makes a log in memory of it. Which calls there are is this build's knowledge: an area of another one is refused. */
int trace_open_unwritten(struct trace *trace, struct log_trouble *trouble);

#endif
