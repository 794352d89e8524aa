// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <math.h>

#include "reader/rank_test.h"

static void expect_near(double a, double b)
{
	cr_assert_lt(fabs(a - b), 1e-6, "%g is not %g", a, b);
}

Test(rank_test, complete_separation_has_the_known_probabilities)
{
	double low[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, high[10] = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

	expect_near(rank_test(low, 3, high, 3), 0.05);
	expect_near(rank_test(low, 4, high, 4), 1 / 70.0);
	expect_near(rank_test(low, 5, high, 5), 1 / 252.0);
	expect_near(rank_test(low, 10, high, 10), 1 / 184756.0);
	expect_near(rank_test(high, 4, low, 4), 1);
	expect_near(rank_test_least(4, 4), 1 / 70.0);
	expect_near(rank_test_least(10, 10), 1 / 184756.0);
}

/* By the table of Mann and Whitney (1947) for 4 and 4: P(U <= 3) = 0.1. */
Test(rank_test, overlapping_groups_have_the_tabled_probability)
{
	double a[4] = {1, 2, 4, 6}, b[4] = {3, 5, 7, 8};

	expect_near(rank_test(a, 4, b, 4), 0.1);
}

Test(rank_test, equal_groups_do_not_differ)
{
	double numbers[5] = {3, 1, 4, 1, 5};

	cr_assert_geq(rank_test(numbers, 5, numbers, 5), 0.5);
	expect_near(rank_test(numbers, 0, numbers, 5), 1);
}

Test(rank_test, many_numbers_agree_with_the_exact_test)
{
	static struct histogram a, b;
	double low[20], high[20];

	for (unsigned i = 0; i < 20; i++) {
		low[i] = 2 * i;
		high[i] = 2 * i + 9;
		histogram_add(&a, 2 * i);
		histogram_add(&b, 2 * i + 9);
	}
	double exact = rank_test(low, 20, high, 20), many = rank_test_many(&a, &b);
	cr_assert(many > exact * 0.8 && many < exact * 1.25, "%g and %g", exact, many);
	expect_near(rank_effect(&a, &a), 0.5);
}

/* The example of Benjamini and Hochberg (1995), 15 tests at 5 %: the first four are believed. */
Test(rank_test, believes_what_benjamini_and_hochberg_believe)
{
	const double chances[15] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
				    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
	bool believed[15];

	cr_assert_eq(rank_believe(chances, 15, 0.05, believed), 0);
	for (unsigned i = 0; i < 15; i++)
		cr_assert_eq(believed[i], i < 4, "test %u", i);
}
