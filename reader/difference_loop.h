// SPDX-License-Identifier: MIT
/*
 * Loops that were gone through another number of times: calls that are missing or new beside equal ones, turn by turn.
 * Looks only; what a difference is called is decided elsewhere.
 */
#ifndef IPCTRACE_READER_DIFFERENCE_LOOP_H
#define IPCTRACE_READER_DIFFERENCE_LOOP_H

#include "reader/diff_find.h"

/* Calls of a turn, at most. */
#define LOOP_TURN_MAX 64u

struct difference_loop {
	uint32_t turn;	       /* calls in one turn */
	uint32_t times[SIDES]; /* turns */
	uint32_t first;	       /* its first edit */
};

struct difference_loops {
	struct difference_loop *rows;
	uint32_t count, room;
	uint32_t *of_edit; /* the loop of each edit, or CANON_NONE */
};

/*
 * A loop has two turns at least in the one run and three in the other, all exactly the same. 0 or -ENOMEM; free with
 * difference_loops_free() in any case.
 */
int difference_loops_find(struct difference_loops *loops, const struct edits *edits,
			  const struct strands strands[SIDES]);
void difference_loops_free(struct difference_loops *loops);

#endif
