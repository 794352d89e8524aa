// SPDX-License-Identifier: MIT
/*
 * Sorts of tokens, most of which are found again among those seen lately, so that tokens need not repeat what they have
 * in common. Knows no calls.
 */
#ifndef IPCTRACE_READER_CANON_SORT_H
#define IPCTRACE_READER_CANON_SORT_H

#include "reader/canon.h"

struct canon_sort_place;

/* All zero before first use. */
struct canon_sorts {
	struct canon_sort_place *places; /* of those seen lately */
};

/* A sort that is equal to `wanted`, and lives as long as `arena`; NULL when out of memory. */
const struct canon_sort *canon_sort_find(struct canon_sorts *sorts, struct arena *arena,
					 const struct canon_sort *wanted);

void canon_sorts_free(struct canon_sorts *sorts);

#endif
