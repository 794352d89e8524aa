// SPDX-License-Identifier: MIT
/*
 * Numbers as people write them.
 */
#include <criterion/criterion.h>

#include "format/number.h"

static uint64_t number;

Test(number, may_have_a_unit_of_1024)
{
	cr_assert_eq(number_parse("0", 0, 10, &number), 0);
	cr_assert_eq(number, 0);
	cr_assert_eq(number_parse("3k", 0, UINT64_MAX, &number), 0);
	cr_assert_eq(number, 3072);
	cr_assert_eq(number_parse("1M", 0, UINT64_MAX, &number), 0);
	cr_assert_eq(number, 1 << 20);
	cr_assert_eq(number_parse("2G", 0, UINT64_MAX, &number), 0);
	cr_assert_eq(number, 2ull << 30);
}

Test(number, is_refused_beyond_its_bounds)
{
	cr_assert_eq(number_parse("11", 0, 10, &number), 1);
	cr_assert_eq(number_parse("1", 2, 10, &number), 1);
	cr_assert_eq(number_parse("18446744073709551616", 0, UINT64_MAX, &number), 1);
	cr_assert_eq(number_parse("18014398509481984K", 0, UINT64_MAX, &number), 1);
}

Test(number, is_refused_with_anything_else_in_it)
{
	static const char *const wrong[] = {"", " 1", "-1", "+1", "0x10", "1T", "1KB", "1 K", "K"};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(number_parse(wrong[i], 0, UINT64_MAX, &number), 1, "%s", wrong[i]);
}
