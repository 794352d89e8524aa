// SPDX-License-Identifier: MIT
/*
 * Whether two small groups of numbers differ: the exact two-sided test of Mann and Whitney. Knows nothing of traces.
 */
#ifndef IPCTRACE_READER_RANK_TEST_H
#define IPCTRACE_READER_RANK_TEST_H

#include <stdint.h>

/* Fewer runs a side cannot reach 5 %. */
#define RANK_RUNS_MIN 4u
#define RANK_RUNS_MAX 64u

/*
 * The probability that groups which do not differ look at least so different; 1 when a group is empty or larger than
 * RANK_RUNS_MAX. Ties count half.
 */
double rank_test(const double *a, uint32_t a_count, const double *b, uint32_t b_count);

#endif
