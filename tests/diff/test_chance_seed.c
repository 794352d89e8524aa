// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "reader/chance.h"
#include "reader/chance_seed.h"

#define OLD_SECOND 1700000003u
#define NEW_SECOND 1700000507u

static struct map make_pids(uint32_t pid)
{
	struct map pids = {0};

	cr_assert_eq(map_put(&pids, pid, &pids), 0);
	return pids;
}

/* Two runs, of which one has the pid 4711 and the other one 29001. */
static bool are_seeds(uint32_t old, uint32_t new)
{
	struct map pids[2] = {make_pids(4711), make_pids(29001)};
	const struct seed_source sources[2] = {{OLD_SECOND - 3, OLD_SECOND, &pids[0]},
					       {NEW_SECOND - 7, NEW_SECOND, &pids[1]}};
	const uint32_t words[2] = {old, new};
	bool found = words_are_seeds(words, sources);

	map_clear(&pids[0]);
	map_clear(&pids[1]);
	return found;
}

Test(chance_seed, a_time_mixed_with_a_pid_is_one)
{
	cr_assert(are_seeds(OLD_SECOND ^ 4711 << 6, NEW_SECOND ^ 29001 << 6));
	cr_assert(are_seeds(OLD_SECOND + 4711, (NEW_SECOND - 2) + 29001));
}

Test(chance_seed, both_are_made_in_one_way_of_numbers_of_their_own_runs)
{
	cr_assert_not(are_seeds(OLD_SECOND ^ 4711 << 6, NEW_SECOND ^ 29001 << 5));
	cr_assert_not(are_seeds(OLD_SECOND ^ 4711 << 6, NEW_SECOND ^ 4711 << 6));
	cr_assert_not(are_seeds(OLD_SECOND ^ 4711 << 6, (NEW_SECOND + 60) ^ 29001 << 6));
	cr_assert_not(are_seeds(17, 18));
}

Test(chance_seed, a_message_that_says_one_is_chance_and_another_byte_is_not)
{
	struct map pids[2] = {make_pids(4711), make_pids(4713)};
	uint32_t old[8] = {7, OLD_SECOND ^ 4711 << 6, 9, 9, 9, 9, 9, 9};
	uint32_t new[8] = {7, (OLD_SECOND + 2) ^ 4713 << 6, 9, 9, 9, 9, 9, 9};
	struct contents contents = {.old = (const uint8_t *)old,
				    .new = (const uint8_t *)new,
				    .old_size = 32,
				    .new_size = 32,
				    .is_equally_long = true,
				    .seconds = {OLD_SECOND - 3, OLD_SECOND + 1},
				    .said = {OLD_SECOND, OLD_SECOND + 2},
				    .pids = {&pids[0], &pids[1]}};

	cr_assert_not_null(contents_chance(&contents));
	new[1] ^= 1u << 8;
	cr_assert_null(contents_chance(&contents));
	map_clear(&pids[0]);
	map_clear(&pids[1]);
}
