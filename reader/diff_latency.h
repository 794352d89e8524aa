// SPDX-License-Identifier: MIT
/*
 * Shifts of the time that calls take. A shift must be beyond chance, among all that were looked at, and large in every
 * respect: in its quantiles, in microseconds, and in how much the distributions overlap. With several runs a side it is
 * the runs that must differ, since calls of one run share its luck.
 */
#ifndef IPCTRACE_READER_DIFF_LATENCY_H
#define IPCTRACE_READER_DIFF_LATENCY_H

#include "reader/comparison.h"

/* The least change of a quantile that is called one. */
#define SHIFT_SHARE 0.10
#define SHIFT_NS    2000.0
/* How far from even the chances must be that a call of the new run takes longer than one of the old. */
#define SHIFT_EFFECT 0.06
/* Of all that is taken for a shift, at most this share may be chance. */
#define SHIFT_RATE 0.05
/* Calls that must be there on each side for a median; and beyond a higher quantile. */
#define SHIFT_CALLS_MIN	 20u
#define SHIFT_BEYOND_MIN 5u

/*
 * Adds a difference of CLASS_LATENCY, or CLASS_WAIT for calls whose time measures a peer, for each sort of call that
 * takes longer in the new runs. *runs_needed: how many runs a side it would take to prove one shift among as many sorts
 * of calls, when there were several but not so many; else 0. 0 or -ENOMEM.
 */
int latency_compare(struct differences *differences, struct run *const *old, uint32_t old_count, struct run *const *new,
		    uint32_t new_count, uint32_t *runs_needed);

#endif
