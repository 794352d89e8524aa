// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <string.h>

#include "reader/chance_address.h"

/* Whether that is all that differs. */
static bool are_addresses(const struct contents *contents)
{
	uint8_t equal[256];

	return contents_equal_addresses(contents, equal) && !memcmp(equal, contents->old, contents->old_size);
}

static bool judge(const uint64_t *old, const uint64_t *new, size_t size)
{
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = (uint32_t)size,
				    .new_size = (uint32_t)size,
				    .is_equally_long = true};

	return are_addresses(&contents);
}

Test(chance_address, the_same_place_in_another_page_is_one)
{
	const uint64_t old[] = {1, 0x7fb3ba242aa0, 0x55dc9c414770, 7}, new[] = {1, 0x7fee8f72eaa0, 0x5624ea7a2770, 7};

	cr_assert(judge(old, new, sizeof(old)));
}

Test(chance_address, another_place_in_a_page_is_none)
{
	const uint64_t old[] = {0x7fb3ba242aa0}, new[] = {0x7fee8f72eaa8};

	cr_assert_not(judge(old, new, sizeof(old)));
}

Test(chance_address, a_stack_lies_at_any_sixteenth_byte)
{
	const uint64_t old[] = {0x7ffd16e67ab0}, new[] = {0x7fff7cc196b0}, other[] = {0x7fff7cc196b4};

	cr_assert(judge(old, new, sizeof(old)));
	cr_assert_not(judge(old, other, sizeof(old)));
}

Test(chance_address, what_was_written_over_its_lower_half_counts)
{
	const uint64_t old[] = {0x7fb30000008f}, new[] = {0x7fee0000008f}, number[] = {0x7fee0000008e};

	cr_assert(judge(old, new, sizeof(old)));
	cr_assert_not(judge(old, number, sizeof(old)));
}

Test(chance_address, numbers_beside_them_count)
{
	const uint64_t old[] = {0x7fb3ba242aa0, 5}, new[] = {0x7fee8f72eaa0, 6}, none[] = {0x7fb3ba242aa0, 5};

	cr_assert_not(judge(old, new, sizeof(old)));
	cr_assert_not(judge(old, none, sizeof(old)));
}

Test(chance_address, they_lie_anywhere_in_a_message)
{
	char old[] = "\0\0\1\x70\x47\x41\x9c\xdc\x55\0\0.", new[] = "\0\0\1\x70\x27\x7a\xea\x24\x56\0\0.";
	struct contents contents = {
		.old = (uint8_t *)old, .new = (uint8_t *)new, .old_size = sizeof(old), .new_size = sizeof(new)};

	cr_assert(are_addresses(&contents));
	old[2]++;
	cr_assert_not(are_addresses(&contents));
}

/* A pointer and a word that is drawn, as in a state that is handed on; then the pointer and a number. */
Test(chance_address, what_differs_beside_addresses_is_judged_by_itself)
{
	const uint64_t old[] = {0x55dc9c414770, 0x00000000c31f9ae4}, new[] = {0x5624ea7a2770, 0x000000009b81c0f7},
		       other[] = {0x5624ea7a2770, 0x00000000c31f9ae5};
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = sizeof(old),
				    .new_size = sizeof(new),
				    .is_equally_long = true};

	cr_assert_not_null(contents_chance(&contents));
	contents.new = (const uint8_t *)other;
	cr_assert_null(contents_chance(&contents));
}
