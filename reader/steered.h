// SPDX-License-Identifier: MIT
/*
 * How a trace was steered while it was recorded: what `ipctrace ctl` had done, in words and added up.
 */
#ifndef IPCTRACE_READER_STEERED_H
#define IPCTRACE_READER_STEERED_H

#include "reader/text.h"
#include "reader/trace.h"

struct steered {
	uint64_t suspensions, suspended; /* how often, and for how many ns in all */
	uint64_t selections;		 /* how often the calls were chosen anew */
	uint64_t gaps;			 /* how often recording went on after some calls had been left out */
	uint64_t marks;
};

/* Adds up what trace_controls() has. */
struct steered steered_sum(struct trace *trace);

/* "suspended 2 times, for 1.25 s in all" and the like; nothing when it was not. */
void steered_print(const struct steered *steered, struct text *out);

/* One control in words: "suspended", "recording recv,send", "mark: test 7 begins here". */
void steered_print_control(const struct object_control *control, struct text *out);

/* All but the marks, in order and without times: equal for traces that were steered alike. */
void steered_spell(const struct trace *trace, struct text *out);

#endif
