// SPDX-License-Identifier: MIT
/*
 * Whether numbers of one group are larger than those of another one: the tests of Mann and Whitney, exact for a few
 * numbers and approximate for many; and what of several such tests to believe. Knows nothing of traces.
 */
#ifndef IPCTRACE_READER_RANK_TEST_H
#define IPCTRACE_READER_RANK_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/histogram.h"

/* With fewer runs a side nothing can be below 5 %. */
#define RANK_RUNS_MIN 4u
#define RANK_RUNS_MAX 64u

/*
 * The probability that groups which do not differ look as if `b` were at least so much larger; 1 when a group is empty
 * or has more than RANK_RUNS_MAX. Ties count half.
 */
double rank_test(const double *a, uint32_t a_count, const double *b, uint32_t b_count);

/* The smallest that rank_test() can be with so many. */
double rank_test_least(uint32_t a_count, uint32_t b_count);

/* The same for many numbers, by the normal distribution with a correction for ties; 1 when one is empty. */
double rank_test_many(const struct histogram *a, const struct histogram *b);

/* The chance that one of `b` is above one of `a`, ties counting half; 0.5 when one is empty. */
double rank_effect(const struct histogram *a, const struct histogram *b);

/*
 * Benjamini and Hochberg: which of `count` tests to believe so that at most a share `rate` of those believed is false.
 * Fills `believed`. 0 or -ENOMEM.
 */
int rank_believe(const double *probabilities, uint32_t count, double rate, bool *believed);

#endif
