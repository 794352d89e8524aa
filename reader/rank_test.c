// SPDX-License-Identifier: MIT
/*
 * Counts the ways in which ranks can fall, by the recurrence of Mann and Whitney.
 */
#include "reader/rank_test.h"

#include <stdlib.h>

#define SUMS (RANK_RUNS_MAX * RANK_RUNS_MAX + 1)

/* ways[u]: how often U = u among all arrangements of `a` and `b` numbers; as shares of all. */
static void count_ways(double *ways, uint32_t a, uint32_t b)
{
	/* The distribution of U is that of a product of (1 - x^(b+i)) / (1 - x^i) for i up to a. */
	uint32_t top = a * b;

	for (uint32_t u = 0; u <= top; u++)
		ways[u] = u == 0;
	for (uint32_t i = 1; i <= a; i++) {
		for (uint32_t u = top; u >= b + i; u--)
			ways[u] -= ways[u - b - i];
		for (uint32_t u = i; u <= top; u++)
			ways[u] += ways[u - i];
	}
}

double rank_test(const double *a, uint32_t a_count, const double *b, uint32_t b_count)
{
	double *ways, u = 0, all = 0, tail = 0;
	uint32_t top = a_count * b_count;

	if (!a_count || !b_count || a_count > RANK_RUNS_MAX || b_count > RANK_RUNS_MAX)
		return 1;
	for (uint32_t i = 0; i < a_count; i++)
		for (uint32_t k = 0; k < b_count; k++)
			u += b[k] > a[i] ? 1 : b[k] == a[i] ? 0.5 : 0;
	if (u > top / 2.0)
		u = top - u;
	ways = malloc(SUMS * sizeof(*ways));
	if (!ways)
		return 1;
	count_ways(ways, a_count, b_count);
	for (uint32_t i = 0; i <= top; i++) {
		all += ways[i];
		tail += i <= u ? ways[i] : 0;
	}
	free(ways);
	return 2 * tail < all ? 2 * tail / all : 1;
}
