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

	expect_near(rank_test(low, 3, high, 3), 0.1);
	expect_near(rank_test(low, 4, high, 4), 2 / 70.0);
	expect_near(rank_test(low, 5, high, 5), 2 / 252.0);
	expect_near(rank_test(high, 4, low, 4), 2 / 70.0);
	expect_near(rank_test(low, 10, high, 10), 2 / 184756.0);
}

Test(rank_test, equal_groups_do_not_differ)
{
	double numbers[5] = {3, 1, 4, 1, 5};

	expect_near(rank_test(numbers, 5, numbers, 5), 1);
	expect_near(rank_test(numbers, 0, numbers, 5), 1);
}
