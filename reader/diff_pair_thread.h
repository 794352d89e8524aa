// SPDX-License-Identifier: MIT
/*
 * The inside of a pairing, shared by diff_pair*.c: its threads, and how anything is paired by a key.
 */
#ifndef IPCTRACE_READER_DIFF_PAIR_THREAD_H
#define IPCTRACE_READER_DIFF_PAIR_THREAD_H

#include "reader/diff_pair.h"

/* The key of thing `index` of a side, or 0 when it is not to be paired this way. */
typedef uint64_t key_function(const struct pairing *pairing, unsigned side, uint32_t index);

/* Pairs those without partners by the keys that they have this way. 0 or -ENOMEM. */
int pair_by_function(struct pairing *pairing, uint32_t *const partners[SIDES], const uint32_t counts[SIDES],
		     key_function *key);

/* What both sides call thread `index`: its number on the old one. 0: it has no partner there. */
uint64_t pairing_thread(const struct pairing *pairing, unsigned side, uint32_t index);

/* Fills `threads` and `classes`. 0 or -ENOMEM. */
int pairing_make_threads(struct pairing *pairing);

#endif
