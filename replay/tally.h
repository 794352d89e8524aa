// SPDX-License-Identifier: MIT
/*
 * What a replay came to: counts over the marks that the players left in a score, and how they are told.
 */
#ifndef IPCTRACE_REPLAY_TALLY_H
#define IPCTRACE_REPLAY_TALLY_H

#include "reader/histogram.h"
#include "reader/text.h"
#include "replay/score.h"
#include "replay/stage.h"

struct tally {
	uint64_t calls;	   /* of the record */
	uint64_t replayed; /* made again */
	uint64_t filled;
	uint64_t missing; /* not come to */
	uint64_t states[MARK_PAYLOAD + 1];
	uint64_t reasons[FILL_COUNT];
	uint64_t standins, unhashed; /* descriptors played; receipts whose payload could not be compared */
	uint64_t edges, broken;	     /* broken: not kept */
	uint64_t makespan;	     /* ns */
	struct histogram late;	     /* us */
};

void tally_make(struct tally *tally, struct score *score);

/* Whether all that could be made again came to the same. */
bool tally_is_same(const struct tally *tally);

/* The summary: one line, then one of what was not made, if anything. */
void tally_print(const struct tally *tally, const struct score *score, struct text *out);
void tally_print_json(const struct tally *tally, const struct score *score, struct text *out);

/* What would be touched. */
void tally_print_plan(const struct tally *tally, const struct score *score, const struct stage *stage,
		      struct text *out);

/* "came to -1 EAGAIN", "came to 4", "other bytes came": why an act is not the same. */
void mark_print(const struct score_act *act, const struct score_mark *mark, struct text *out);

#endif
