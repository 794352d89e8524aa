// SPDX-License-Identifier: MIT
/*
 * Durations in buckets: how exact, and that nothing falls out.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "reader/histogram.h"

static struct histogram *histogram;

static void set_up(void)
{
	histogram = calloc(1, sizeof(*histogram));
}

static void tear_down(void)
{
	free(histogram);
}

TestSuite(histogram, .init = set_up, .fini = tear_down);

Test(histogram, is_exact_for_small_values)
{
	for (uint64_t value = 1; value <= 100; value++)
		histogram_add(histogram, value);
	cr_expect(eq(u64, histogram_quantile(histogram, 0.5), 50));
	cr_expect(eq(u64, histogram_quantile(histogram, 0.99), 99));
	cr_expect(eq(u64, histogram_quantile(histogram, 1.0), 100));
	cr_expect(eq(u64, histogram->max, 100));
	cr_expect(eq(u64, histogram->sum, 5050));
}

Test(histogram, knows_any_value_to_two_digits)
{
	uint64_t state = 1;

	for (int i = 0; i < 2000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		uint64_t value = state >> (state & 63);
		struct histogram *one = calloc(1, sizeof(*one));
		histogram_add(one, value);
		histogram_add(one, UINT64_MAX);
		double found = (double)histogram_quantile(one, 0.5);
		cr_assert(found >= (double)value * 0.984 - 1 && found <= (double)value * 1.016 + 1, "%llu",
			  (unsigned long long)value);
		free(one);
	}
}

Test(histogram, has_a_place_for_every_value_and_keeps_their_order)
{
	uint32_t last = 0;

	for (unsigned bit = 0; bit < 64; bit++)
		for (int offset = -1; offset <= 1; offset++) {
			uint32_t bucket = histogram_bucket((1ull << bit) + (uint64_t)offset);
			if (bit == 0 && offset < 0)
				continue;
			if (bit > 1)
				cr_assert(bucket >= last);
			last = bucket;
		}
	cr_assert(histogram_bucket(UINT64_MAX) < HISTOGRAM_BUCKETS);
}

Test(histogram, of_nothing_has_no_quantiles)
{
	cr_expect(eq(u64, histogram_quantile(histogram, 0.5), 0));
}

Test(histogram, merges_as_if_all_had_been_added_to_one)
{
	struct histogram *other = calloc(1, sizeof(*other));

	for (uint64_t value = 1; value <= 50; value++)
		histogram_add(histogram, value);
	for (uint64_t value = 51; value <= 100; value++)
		histogram_add(other, value);
	histogram_merge(histogram, other);
	cr_expect(eq(u64, histogram->count, 100));
	cr_expect(eq(u64, histogram_quantile(histogram, 0.75), 75));
	cr_expect(eq(u64, histogram->max, 100));
	free(other);
}
