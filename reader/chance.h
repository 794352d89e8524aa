// SPDX-License-Identifier: MIT
/*
 * Whether two contents differ as the same content drawn anew would: names made by lot, identifiers, digests, the same
 * things in another order, times of the run. It is a judgement by looks, made only where it was seen that they differ.
 */
#ifndef IPCTRACE_READER_CHANCE_H
#define IPCTRACE_READER_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/map.h"

/* Two payloads as far as they were kept. */
struct contents {
	const uint8_t *old, *new;
	uint32_t old_size, new_size;
	bool is_cut;		    /* there was more of them */
	bool is_equally_long;	    /* in all */
	uint64_t seconds[2];	    /* when the traces were made, since the epoch */
	uint64_t said[2];	    /* when they were said; 0: unknown */
	const struct map *pids[2];  /* of the traces */
	const struct map *ports[2]; /* of which they speak, those that the kernel chose as 1; NULL: unknown */
};

/* Why contents would differ in every run. */
struct chance {
	const char *why; /* a clause */
	bool is_guess;	 /* by looks alone: a number may look so that never varied before */
};

/* NULL when they would not. Lives forever. */
const struct chance *contents_chance(const struct contents *contents);

/* How many bytes differ, from one on, as far as there are both. */
uint32_t contents_count_different(const struct contents *contents, uint32_t from);

/* Whether they are the same bytes in all, in whatever order. */
bool contents_have_same_bytes(const struct contents *contents);

/* Likewise, and so many stand elsewhere that it is no accident. */
bool contents_are_reordered(const struct contents *contents);

/* Whether they are the same bytes in another order, of more than two parts. */
bool contents_are_permuted(const struct contents *contents);

/* Whether they are the same but for two parts that have changed places. */
bool contents_are_swapped(const struct contents *contents);

/*
 * Whether they are the same but for the heads of frames, short pieces here and there, each of which says how far it is
 * to the next one.
 */
bool contents_are_reframed(const struct contents *contents);

/* Whether two contents differ in decimal numbers alone. */
bool contents_are_counted(const struct contents *contents);

/* Whether two texts (paths) are the same but for words that look drawn by lot. */
bool texts_are_chance(const char *old, const char *new);

/* Whether two texts are the same but for one word, as long in both, which could have been drawn by lot. */
bool texts_differ_in_word(const char *old, const char *new);

#endif
