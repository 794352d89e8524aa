// SPDX-License-Identifier: MIT
/*
 * Shifts of the time that calls take. One run against one proves little, so a shift must be large in every respect:
 * in its quantiles, in microseconds, and in how much the distributions overlap; several runs a side are also put to a
 * rank test.
 */
#ifndef IPCTRACE_READER_DIFF_LATENCY_H
#define IPCTRACE_READER_DIFF_LATENCY_H

#include "reader/comparison.h"

/* The least change of the median, the 90th and the 99th of a hundred that is called one. */
#define SHIFT_SHARE 0.10
#define SHIFT_NS    2000.0
/* How far from even the chances must be that a call of the new run takes longer than one of the old. */
#define SHIFT_EFFECT 0.06
/* Calls that must be there on each side. */
#define SHIFT_CALLS_MIN 20u

/*
 * Adds a difference of CLASS_LATENCY, or CLASS_WAIT for calls whose time measures a peer, for each sort of call that
 * takes longer in the new runs. *too_few: there were several runs but not enough for a test. 0 or -ENOMEM.
 */
int latency_compare(struct differences *differences, struct run *const *old, uint32_t old_count, struct run *const *new,
		    uint32_t new_count, bool *too_few);

#endif
