// SPDX-License-Identifier: MIT
/*
 * The edits that make one canonical trace of another one, without those that scheduling, the cutting of streams and
 * timers explain. What an edit means is not known here.
 */
#ifndef IPCTRACE_READER_DIFF_FIND_H
#define IPCTRACE_READER_DIFF_FIND_H

#include "reader/diff_strand.h"

enum edit_kind {
	EDIT_CHANGED,	/* the same call, or one in its place */
	EDIT_REMOVED,	/* old only */
	EDIT_ADDED,	/* new only */
	EDIT_REORDERED, /* the same, at another place of its strand */
	EDIT_MOVED,	/* the same, in another strand */
};

/* Why edits are not counted. */
enum edit_noise {
	NOISE_NONE,
	NOISE_SCHEDULE, /* another thread of the same sort did it, or readiness came in another order */
	NOISE_RECUT,	/* the same bytes of a stream, cut otherwise */
	NOISE_TIMER,	/* what a timer does, another number of times */
	NOISE_REASONS
};

struct edit {
	uint8_t kind;	     /* enum edit_kind */
	uint8_t noise;	     /* enum edit_noise */
	bool is_causal;	     /* of EDIT_REORDERED: the order mattered to something seen */
	bool is_misdirected; /* of EDIT_CHANGED: the same transfer over another stream */
	bool is_counted;     /* whatever may come to mind as an excuse */
	bool is_recut;	     /* as many bytes in other pieces, and some of them are others; one edit stands for all */
	uint32_t old, new;   /* tokens, or CANON_NONE */
	uint32_t next;	     /* of a call that is only on one side: the token at its place on the other one */
	uint32_t strands[SIDES];
};

/* Whether it is about a call that only one side has; which side, and which token there. */
static inline bool edit_is_alone(const struct edit *edit)
{
	return edit->kind == EDIT_REMOVED || edit->kind == EDIT_ADDED;
}

static inline unsigned edit_side(const struct edit *edit)
{
	return edit->kind == EDIT_ADDED ? SIDE_NEW : SIDE_OLD;
}

static inline uint32_t edit_token(const struct edit *edit)
{
	return edit->kind == EDIT_ADDED ? edit->new : edit->old;
}

struct edits {
	struct edit *rows;
	uint32_t count, room;
	uint64_t unaligned[SIDES]; /* tokens in parts of which no alignment was found */
	uint32_t gap[SIDES];	   /* where the first of them begins */
	uint64_t noise[NOISE_REASONS];
	uint64_t compared; /* tokens with a partner */
};

/* 0 and `edits` to be freed with free(edits->rows), or -ENOMEM. */
int edits_find(struct edits *edits, const struct pairing *pairing, const struct strands strands[SIDES]);

#endif
