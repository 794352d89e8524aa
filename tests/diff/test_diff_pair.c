// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdlib.h>

#include "reader/diff_pair.h"

static const struct call_spec older[] = {{.name = "recv"}, {.name = "send"}, {.name = "semop"}};
static const struct call_spec newer[] = {{.name = "recv"}, {.name = "recvmsg"}, {.name = "send"}, {.name = "semop"}};
static const struct catalogue old = {.calls = older, .calls_count = 3}, new = {.calls = newer, .calls_count = 4};

Test(diff_pair, calls_of_catalogues_of_two_versions_are_paired_by_name)
{
	uint16_t *numbers;

	cr_assert_eq(calls_translate(&old, &new, &numbers), 0);
	cr_assert_not_null(numbers);
	const uint16_t expected[] = {0, CALL_UNKNOWN, 1, 2};
	cr_assert_arr_eq(numbers, expected, sizeof(expected));
	free(numbers);
}

Test(diff_pair, the_same_call_is_one_whatever_its_numbers)
{
	const struct canon_sort send_old = {.call = 1}, send_new = {.call = 2}, semop_old = {.call = 2};
	const struct canon_token tokens[] = {{.sort = &send_old}, {.sort = &send_new}, {.sort = &semop_old}};
	struct pairing pairing = {0};

	cr_assert_eq(calls_translate(&old, &new, &pairing.calls), 0);
	cr_assert(pairing_same_call(&pairing, &tokens[0], &tokens[1]));
	cr_assert_not(pairing_same_call(&pairing, &tokens[2], &tokens[1]));
	free(pairing.calls);
}

Test(diff_pair, nothing_is_translated_where_all_calls_have_the_same_numbers)
{
	uint16_t *numbers;

	cr_assert_eq(calls_translate(&new, &new, &numbers), 0);
	cr_assert_null(numbers);
}
