// SPDX-License-Identifier: MIT
/*
 * What the passes over edits share, diff_noise*.c: edits that mean nothing are marked, edits that belong together
 * joined.
 */
#ifndef IPCTRACE_READER_DIFF_NOISE_PASS_H
#define IPCTRACE_READER_DIFF_NOISE_PASS_H

#include "reader/diff_noise.h"
#include "reader/diff_place.h"
#include "reader/map.h"

struct settling {
	struct edits *edits;
	const struct pairing *pairing;
	const struct strands *strands;
	uint8_t *edited[SIDES]; /* by token: whether it was an edit at first */
	uint32_t *reaps[SIDES];
	uint32_t *endgame[SIDES]; /* by thread: the token from which on it only sees its children off */
};

/* One edit among others, to be sorted by what it is. */
struct place {
	uint64_t key;
	uint32_t edit;
};

static inline const struct canon_token *token_of(const struct settling *settling, unsigned side, uint32_t token)
{
	return token == CANON_NONE ? NULL : &settling->pairing->canons[side]->tokens[token];
}

/* What the token looks like in its strand, and where it stands there. */
static inline uint64_t full_of(const struct settling *settling, unsigned side, uint32_t token)
{
	return strands_full(&settling->strands[side], token);
}

static inline uint32_t place_of(const struct settling *settling, unsigned side, uint32_t token)
{
	return strands_place(&settling->strands[side], token);
}

/* The edit does not count, unless it did not before. */
void settle_mark(struct settling *settling, struct edit *edit, enum edit_noise noise);

/* The same bytes in other pieces. 0 or -ENOMEM. */
int settle_streams(struct settling *settling);

enum move_way {
	MOVE_WITHIN,   /* the same call in the same strand */
	MOVE_ANYWHERE, /* the same call */
	MOVE_PLACED,   /* in the same strand, as much at the same place of a file, whatever it is */
	MOVE_CHANGED,  /* the same done to the same by threads that do the same, with another content */
};

/*
 * What was removed here and added there is one edit: reordered, moved, or changed. `removed` and `added` have room for
 * all edits. The joined ones have neither token.
 */
void settle_moves(struct settling *settling, enum move_way way, struct place *removed, struct place *added);

/* Of changed calls those that only changed places are reordered. `before` and `after` have room for all edits. */
void settle_swaps(struct settling *settling, struct place *before, struct place *after);

/* Whether it matters what those that are reordered have jumped over. 0 or -ENOMEM. */
int settle_orders(struct settling *settling);

/* Memory and locks of a process with several threads are had and given back by whoever comes first. */
bool settle_is_private(const struct settling *settling, const struct edit *edit);

/* What makes something and now fails instead, or the other way round, is one changed call. */
void settle_failures(struct settling *settling);

/* Bytes that went to another stream, where they were folded. */
void settle_misdirected(struct settling *settling);

/* What timers did another number of times. 0 or -ENOMEM. */
int settle_timers(struct settling *settling);

/* What threads want to be woken by. 0 or -ENOMEM. */
int settle_registrations(struct settling *settling);

/* What is said about connections directly before they are closed. */
void settle_farewells(struct settling *settling);

/* How many threads a pool has to make, when those that are done are given other work. */
void settle_pools(struct settling *settling);

/* Private memory of processes with several threads. */
void settle_memory(struct settling *settling);

/* How often counters of wake-ups are read. */
void settle_counters(struct settling *settling);

/* Locks of processes with several threads, taken and given back. 0 or -ENOMEM. */
int settle_locks(struct settling *settling);

/* Waits and posts that are more or fewer by the same number. 0 or -ENOMEM. */
int settle_handoffs(struct settling *settling);

/* What is taken from pipes that hold a stock, and given back. 0 or -ENOMEM. */
int settle_stocks(struct settling *settling);

/* How far processes came before they were told to end. 0 or -ENOMEM. */
int settle_told(struct settling *settling);

/* Children that are told to end, and those that have ended before they could be. */
void settle_overtaken(struct settling *settling);

/* What is done while children end. 0 or -ENOMEM. */
int settle_endgames(struct settling *settling);

#endif
