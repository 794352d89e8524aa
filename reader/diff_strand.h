// SPDX-License-Identifier: MIT
/*
 * Strands: runs of tokens whose order the program itself determines, so that they can be compared in order.
 *
 * Most threads are one strand. Of a thread that waits for readiness and serves many accepted connections, each
 * connection is one; of threads that compete for what comes out of one queue or listener, what each does with one
 * thing received. Which strand comes when, and in which thread, is a matter of scheduling.
 */
#ifndef IPCTRACE_READER_DIFF_STRAND_H
#define IPCTRACE_READER_DIFF_STRAND_H

#include "reader/diff_pair.h"

enum strand_kind {
	STRAND_SPINE,	/* a thread, without what is in other strands */
	STRAND_SESSION, /* an accepted connection */
	STRAND_REAP,	/* the ends of a thread's children: when it learns of them is chance */
	STRAND_TIMER,	/* what the timers of a thread that serves connections do, which is when there is time */
	STRAND_MEMORY,	/* what a thread of several has and gives back of its process's own memory: when is chance */
	STRAND_STOCK,	/* what a thread takes from pipes that only hold a stock, and gives back: when is chance */
	STRAND_TASK,	/* one thing received from something shared, and what was done until the next one */
};

struct strand {
	enum strand_kind kind;
	uint32_t thread;      /* of its first token */
	uint32_t object;      /* the connection; what was received from; CANON_NONE for spines */
	uint32_t from, count; /* in `list` */
	uint32_t partner;     /* on the other side, or CANON_NONE */
	uint64_t content;     /* hash of its full tokens */
};

struct strands {
	struct strand *rows;
	uint32_t count, room;
	uint32_t *of_token;
	uint32_t *list;	     /* the tokens, strand by strand, in order; without absorbed ones */
	uint64_t *full;	     /* of each in `list`: what is done to what, and with what */
	uint32_t *of_object; /* the session or task in which it was made, or which it is; CANON_NONE */
	uint64_t *local; /* of objects made there: as how many-th of their kind, as an identifier; 0: not seen yet */
	const struct pairing *pairing; /* borrowed */
	unsigned side;
};

/*
 * Forms the strands of both sides and finds their partners. Tokens of streams that have become neighbours are folded,
 * hence not const. 0 or -ENOMEM; free both with strands_free() in any case.
 */
int strands_make(struct strands strands[SIDES], const struct pairing *pairing, struct canon *canons[SIDES]);

void strands_free(struct strands *strands);

#endif
