// SPDX-License-Identifier: MIT
/*
 * Which elements of two sequences belong together: a shortest edit script where that can be afforded, a good one where
 * not, and an honest "not aligned" where the sequences have too little in common.
 *
 * Elements are 64-bit numbers of which only equality counts; whose they are is the caller's business.
 */
#ifndef IPCTRACE_READER_ALIGN_H
#define IPCTRACE_READER_ALIGN_H

#include <stdint.h>

#define ALIGN_NONE UINT32_MAX

/* Steps that may be taken in all, and that a first attempt may take; about 200 million are a second. */
#define ALIGN_STEPS_MAX 600000000ull

/* A pair of ranges that was given up: nothing in them is matched although something may belong together. */
struct align_gap {
	uint32_t old_from, old_to, new_from, new_to;
	uint32_t old_only, new_only; /* elements in parts of four that the other side does not have at all */
};

struct alignment {
	uint32_t *match; /* for each old element its partner, or ALIGN_NONE; strictly rising where not NONE */
	struct align_gap *gaps;
	uint32_t gaps_count, gaps_room;
	uint64_t steps;
};

/*
 * Aligns; `steps_max` 0 stands for ALIGN_STEPS_MAX. 0 and `alignment` to be freed with alignment_free(), or -ENOMEM
 * with nothing to free.
 */
int align_sequences(const uint64_t *old, uint32_t old_count, const uint64_t *new, uint32_t new_count,
		    uint64_t steps_max, struct alignment *alignment);
void alignment_free(struct alignment *alignment);

#endif
