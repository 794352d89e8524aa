// SPDX-License-Identifier: MIT
/*
 * Counts the ways in which ranks can fall, by the recurrence of Mann and Whitney.
 */
#include "reader/rank_test.h"

#include <errno.h>
#include <math.h>
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
	ways = malloc(SUMS * sizeof(*ways));
	if (!ways)
		return 1;
	count_ways(ways, a_count, b_count);
	for (uint32_t i = 0; i <= top; i++) {
		all += ways[i];
		tail += i >= u ? ways[i] : 0;
	}
	free(ways);
	return tail / all;
}

double rank_test_least(uint32_t a_count, uint32_t b_count)
{
	double ways = 1;

	for (uint32_t i = 1; i <= a_count; i++)
		ways = ways * (b_count + i) / i;
	return 1 / ways;
}

double rank_effect(const struct histogram *a, const struct histogram *b)
{
	double above = 0, below = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		above += (double)b->buckets[i] * (below + (double)a->buckets[i] / 2);
		below += (double)a->buckets[i];
	}
	return a->count && b->count ? above / ((double)a->count * (double)b->count) : 0.5;
}

double rank_test_many(const struct histogram *a, const struct histogram *b)
{
	double x = (double)a->count, y = (double)b->count, all = x + y, ties = 0;

	if (!a->count || !b->count)
		return 1;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		double tied = (double)a->buckets[i] + (double)b->buckets[i];
		ties += tied * tied * tied - tied;
	}
	double spread = sqrt(x * y / 12 * (all + 1 - ties / (all * (all - 1))));
	if (!(spread > 0))
		return 1;
	return erfc((rank_effect(a, b) - 0.5) * x * y / spread / sqrt(2)) / 2;
}

static int compare_numbers(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

int rank_believe(const double *probabilities, uint32_t count, double rate, bool *believed)
{
	double *sorted = malloc((count + 1ull) * sizeof(*sorted)), limit = -1;

	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = probabilities[i];
	qsort(sorted, count, sizeof(*sorted), compare_numbers);
	for (uint32_t i = 0; i < count; i++)
		if (sorted[i] <= rate * (i + 1) / count)
			limit = sorted[i];
	for (uint32_t i = 0; i < count; i++)
		believed[i] = probabilities[i] <= limit;
	free(sorted);
	return 0;
}
