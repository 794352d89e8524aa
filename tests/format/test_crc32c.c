// SPDX-License-Identifier: MIT
/*
 * The payload hash: known values, both implementations, and joining.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "format/crc32c.h"

static uint8_t bytes[20000];

static void bytes_fill(void)
{
	uint32_t state = 1;

	crc32c_prepare();
	for (size_t i = 0; i < sizeof(bytes); i++) {
		state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 24);
	}
}

Test(crc32c, has_the_published_values)
{
	uint8_t zeros[32] = {0}, ones[32], ascending[32];

	crc32c_prepare();
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++)
		ascending[i] = i;
	cr_assert_eq(crc32c_update(0, "123456789", 9), 0xe3069283);
	cr_assert_eq(crc32c_update(0, zeros, 32), 0x8a9136aa);
	cr_assert_eq(crc32c_update(0, ones, 32), 0x62a8ab43);
	cr_assert_eq(crc32c_update(0, ascending, 32), 0x46dd794e);
	cr_assert_eq(crc32c_update(0, "", 0), 0);
}

Test(crc32c, is_the_same_with_and_without_the_instruction)
{
	bytes_fill();
	for (size_t size = 0; size < sizeof(bytes); size = size * 3 / 2 + 1) {
		bool had = crc32c_tables.has_instruction;
		uint32_t fast = crc32c_update(7, bytes + 1, size);
		crc32c_tables.has_instruction = false;
		uint32_t slow = crc32c_update(7, bytes + 1, size);
		crc32c_tables.has_instruction = had;
		cr_assert_eq(fast, slow, "%zu bytes", size);
	}
}

Test(crc32c, does_not_depend_on_how_a_stream_was_cut)
{
	bytes_fill();
	uint32_t whole = crc32c_update(0, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut += 617) {
		uint32_t a = crc32c_update(0, bytes, cut), b = crc32c_update(0, bytes + cut, sizeof(bytes) - cut);
		cr_assert_eq(crc32c_combine(a, b, sizeof(bytes) - cut), whole, "cut at %zu", cut);
		cr_assert_eq(crc32c_update(a, bytes + cut, sizeof(bytes) - cut), whole, "continued at %zu", cut);
	}
}
