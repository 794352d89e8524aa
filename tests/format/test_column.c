// SPDX-License-Identifier: MIT
/*
 * Integer columns: what goes in comes out, and takes the room it should.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "format/column.h"

#define COUNT_MAX 20000u

static uint64_t values[COUNT_MAX], decoded[COUNT_MAX];
static uint64_t state = 1;

static uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* The bytes that `count` values take, after asserting that they survive. */
static size_t column_round_trip(uint32_t count)
{
	struct pack_buffer buffer;

	pack_buffer_init(&buffer, 1 << 24);
	column_pack(&buffer, values, count);
	cr_assert(!buffer.failed);
	struct unpack in = unpack_from(buffer.bytes, buffer.size);
	column_unpack(&in, decoded, count);
	cr_assert(!in.failed && in.at == in.end);
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(decoded[i], values[i], "value %u of %u", i, count);
	size_t size = buffer.size;
	pack_buffer_free(&buffer);
	return size;
}

Test(column, keeps_values_of_every_width_and_sign)
{
	for (unsigned bits = 0; bits <= 64; bits++) {
		for (uint32_t count = 0; count < 700; count = count * 2 + 1) {
			uint64_t mask = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;
			for (uint32_t i = 0; i < count; i++)
				values[i] = (random_next() & mask) - (bits % 2 ? mask / 2 : 0);
			column_round_trip(count);
		}
	}
}

Test(column, keeps_the_patterns_around_the_escape)
{
	for (unsigned width = 1; width <= 8; width++) {
		uint64_t escape = width < 8 ? (1ull << 8 * width) - 1 : UINT64_MAX;
		for (uint32_t i = 0; i < 1000; i++)
			values[i] = i % 7 ? i % 5 : escape - 2 + i % 4;
		column_round_trip(1000);
	}
}

Test(column, keeps_extremes)
{
	static const uint64_t extremes[] = {0, 1, UINT64_MAX, 1ull << 63, (1ull << 63) - 1, (1ull << 63) + 1};

	for (uint32_t i = 0; i < 600; i++)
		values[i] = extremes[random_next() % 6];
	column_round_trip(600);
}

Test(column, takes_no_bytes_for_a_constant)
{
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = 1ull << 50;
	cr_assert_leq(column_round_trip(COUNT_MAX), 16);
}

Test(column, is_not_widened_by_outliers)
{
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = i % 1000 ? random_next() % 200 : random_next();
	cr_assert_leq(column_round_trip(COUNT_MAX), COUNT_MAX + 20 * 10 + 50);
}

Test(column, codes_steps_when_they_are_smaller_than_values)
{
	uint64_t offset = 1ull << 40;

	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = offset += random_next() % 100;
	cr_assert_leq(column_round_trip(COUNT_MAX), COUNT_MAX + 50);
}

Test(column, counts_in_the_steps_of_a_clock)
{
	values[0] = 24176182091177;
	for (uint32_t i = 1; i < COUNT_MAX; i++)
		values[i] = i % 1000 ? random_next() % 250 * 26 + 52 : (random_next() >> 20) * 26;
	cr_assert_leq(column_round_trip(COUNT_MAX),
		      COUNT_MAX + COUNT_MAX / 20); /* as they are they take 2 bytes each */
}

Test(column, keeps_steps_of_every_size)
{
	for (unsigned bits = 1; bits <= 64; bits++) {
		uint64_t unit = (random_next() >> (64 - bits)) | 1;
		for (uint32_t i = 0; i < 500; i++)
			values[i] = random_next() % 1000 * unit + (i % 50 ? 0 : i);
		column_round_trip(500);
		for (uint32_t i = 0; i < 500; i++)
			values[i] = -(random_next() % 70000 * unit);
		column_round_trip(500);
	}
}

Test(column, survives_a_sample_that_misleads)
{
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = i < COUNT_MAX / 2 ? 5 : random_next();
	column_round_trip(COUNT_MAX);
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = i % 2 ? 5 : random_next() >> 8;
	column_round_trip(COUNT_MAX);
}

Test(column, refuses_bytes_that_do_not_fit_the_count)
{
	struct pack_buffer buffer;

	for (uint32_t i = 0; i < 100; i++)
		values[i] = i;
	pack_buffer_init(&buffer, 1 << 16);
	column_pack(&buffer, values, 100);
	struct unpack in = unpack_from(buffer.bytes, buffer.size);
	column_unpack(&in, decoded, 101);
	cr_assert(in.failed);
	pack_buffer_free(&buffer);
}

/* Whether `count` packed values are taken for indices below `limit`; those that are must be the values. */
static bool indices_are_taken(uint32_t count, uint32_t limit)
{
	static uint32_t indices[COUNT_MAX];
	struct pack_buffer buffer;

	pack_buffer_init(&buffer, 1 << 24);
	column_pack(&buffer, values, count);
	struct unpack in = unpack_from(buffer.bytes, buffer.size);
	column_unpack_index(&in, indices, count, limit, decoded);
	for (uint32_t i = 0; i < count && !in.failed; i++)
		cr_assert_eq(indices[i], values[i], "index %u of %u", i, count);
	cr_assert(in.failed || in.at == in.end);
	pack_buffer_free(&buffer);
	return !in.failed;
}

Test(column, takes_indices_below_their_limit_alone)
{
	for (uint32_t limit = 1; limit < 200000; limit += 1 + limit / 3) {
		for (uint32_t i = 0; i < 3000; i++)
			values[i] = i % 100 ? random_next() % limit : limit - 1;
		cr_assert(indices_are_taken(3000, limit), "limit %u", limit);
		values[1234] = limit;
		cr_assert(!indices_are_taken(3000, limit), "limit %u", limit);
		values[1234] = 1ull << (limit % 64 | 32);
		cr_assert(!indices_are_taken(3000, limit), "limit %u", limit);
	}
	cr_assert(indices_are_taken(0, 0) && !indices_are_taken(1, 0));
}

Test(column, takes_no_index_that_asks_for_an_exception_that_is_not_there)
{
	static const uint8_t packed[] = {0x95, 1, 0, 0xc4, 3, 0, 255, 1, 0x90, 0};
	uint32_t indices[3];
	struct unpack in = unpack_from(packed, sizeof(packed));

	column_unpack_index(&in, indices, 3, 1000, decoded);
	cr_assert(in.failed);
}
