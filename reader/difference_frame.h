// SPDX-License-Identifier: MIT
/*
 * Differences that are none because a peer only cut its frames otherwise.
 */
#ifndef IPCTRACE_READER_DIFFERENCE_FRAME_H
#define IPCTRACE_READER_DIFFERENCE_FRAME_H

#include "reader/difference.h"

/*
 * Judges the first `count` differences by the `details` of both sides, `counts` each, in order of their tokens. Those
 * that were the same in other frames become CLASS_RANDOM. 0 or -ENOMEM.
 */
int differences_reframe(struct differences *differences, uint32_t count, const struct edits *edits,
			const struct pairing *pairing, struct canon_detail *const details[SIDES],
			const uint32_t counts[SIDES]);

#endif
