// SPDX-License-Identifier: MIT
/*
 * The map, against what an array says.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "reader/map.h"

#define KEYS 512

Test(map, agrees_with_an_array_over_many_changes)
{
	static int values[KEYS];
	struct map map = {0};
	uint64_t state = 7;
	bool is_in[KEYS] = {false};

	for (int step = 0; step < 200000; step++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		unsigned key = (state >> 33) % KEYS;
		if (state >> 63) {
			cr_assert(eq(int, map_put(&map, key * 1024ull, &values[key]), 0));
			is_in[key] = true;
		} else {
			cr_assert(eq(ptr, map_take(&map, key * 1024ull), is_in[key] ? &values[key] : NULL));
			is_in[key] = false;
		}
	}
	uint32_t count = 0;
	for (unsigned key = 0; key < KEYS; key++) {
		cr_assert(eq(ptr, map_get(&map, key * 1024ull), is_in[key] ? &values[key] : NULL));
		count += is_in[key];
	}
	cr_expect(eq(u32, map.count, count));
	for (struct map_slot *slot = map_next(&map, NULL); slot; slot = map_next(&map, slot))
		count--;
	cr_expect(eq(u32, count, 0));
	map_clear(&map);
}

Test(map, copies_are_independent)
{
	struct map map = {0}, copy;
	int a, b;

	cr_assert(eq(int, map_put(&map, 1, &a), 0));
	cr_assert(eq(int, map_copy(&copy, &map), 0));
	cr_assert(eq(int, map_put(&copy, 1, &b), 0));
	cr_expect(eq(ptr, map_get(&map, 1), &a));
	cr_expect(eq(ptr, map_get(&copy, 1), &b));
	map_clear(&map);
	map_clear(&copy);
}
