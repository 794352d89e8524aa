// SPDX-License-Identifier: MIT
/*
 * Differences that are none because what is said in no order was said in another one, in several pieces.
 */
#ifndef IPCTRACE_READER_DIFFERENCE_PERMUTED_H
#define IPCTRACE_READER_DIFFERENCE_PERMUTED_H

#include "reader/difference.h"

/*
 * Judges the first `count` differences by the `details` of both sides, `counts` each, in order of their tokens. Those
 * that are the same together, in another order, become CLASS_RANDOM. 0 or -ENOMEM.
 */
int differences_permute(struct differences *differences, uint32_t count, const struct edits *edits,
			const struct pairing *pairing, struct canon_detail *const details[SIDES],
			const uint32_t counts[SIDES]);

#endif
