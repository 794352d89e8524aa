// SPDX-License-Identifier: MIT
/*
 * Columns of times: what goes in comes out, noise takes the bits it has, and nothing is believed that does not fit.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "format/batch_decode.h"
#include "format/times.h"

#define COUNT_MAX 20000u
#define KINDS	  40u

static uint64_t values[COUNT_MAX], decoded[COUNT_MAX], symbols[COUNT_MAX];
static uint32_t kinds[COUNT_MAX];
static uint64_t state = 1;

static uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Kind `i` is of call i % 4; calls below `own` have books of their own. */
static void times_put(struct pack_buffer *buffer, uint32_t count, uint32_t own)
{
	uint8_t book[KINDS];
	struct times_books books = {.count = own + 1, .kind = kinds, .book = book, .symbols = symbols};

	for (uint32_t call = 0; call < own; call++)
		books.calls[call] = call;
	books.calls[own] = TIMES_CALL_ANY;
	for (uint32_t i = 0; i < KINDS; i++)
		book[i] = (uint8_t)(i % 4 < own ? i % 4 : own);
	pack_buffer_init(buffer, 1 << 24);
	times_pack(buffer, values, count, &books);
	cr_assert(!buffer->failed);
}

static bool times_get(const void *bytes, size_t size, uint32_t count)
{
	struct batch_shape shapes[KINDS] = {0};
	const struct book *scratch[KINDS];
	const struct times_shapes of = {.shape = kinds, .shapes = shapes, .shapes_count = KINDS, .book = scratch};
	/* a copy of exactly this size, so that reading beyond it is noticed by the sanitizer */
	uint8_t *exact = malloc(size ? size : 1);
	bool good;

	cr_assert_not_null(exact);
	memcpy(exact, bytes, size);
	for (uint32_t i = 0; i < KINDS; i++)
		shapes[i].call_index = i % 4;
	struct unpack in = unpack_from(exact, size);
	times_unpack(&in, decoded, count, &of);
	good = !in.failed && in.at == in.end;
	free(exact);
	return good;
}

static void kinds_draw(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		kinds[i] = (uint32_t)(random_next() % KINDS);
}

/* The bytes that `count` values take, after asserting that they survive. */
static size_t times_round_trip(uint32_t count, uint32_t own)
{
	struct pack_buffer buffer;

	times_put(&buffer, count, own);
	cr_assert(times_get(buffer.bytes, buffer.size, count));
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(decoded[i], values[i], "value %u of %u", i, count);
	size_t size = buffer.size;
	pack_buffer_free(&buffer);
	return size;
}

Test(times, keeps_values_of_every_size_sign_and_step)
{
	for (unsigned bits = 0; bits <= 64; bits++) {
		for (uint32_t count = 0; count < 2000; count = count * 2 + 1) {
			uint64_t mask = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX, unit = random_next() % 30 + 1;
			kinds_draw(count);
			for (uint32_t i = 0; i < count; i++)
				values[i] = (random_next() & mask) * unit - (i % 100 == 50 ? mask / 2 : 0);
			times_round_trip(count, bits % 5);
		}
	}
}

Test(times, keeps_values_of_all_sizes_at_once)
{
	for (uint32_t round = 0; round < 50; round++) {
		kinds_draw(COUNT_MAX);
		for (uint32_t i = 0; i < COUNT_MAX; i++)
			values[i] = random_next() >> (38 + random_next() % 26);
		times_round_trip(COUNT_MAX, round % 5);
	}
}

Test(times, gives_each_frequency_a_code)
{
	/* Fibonacci's numbers are what makes the longest codes */
	for (uint32_t symbols = 1; symbols < 20; symbols++) {
		uint32_t count = 0, a = 1, b = 1;
		for (uint32_t symbol = 0; symbol < symbols && count + a < COUNT_MAX; symbol++) {
			for (uint32_t i = 0; i < a; i++)
				values[count++] = symbol < 16 ? symbol : 8 * symbol;
			b += a;
			a = b - a;
		}
		kinds_draw(count);
		times_round_trip(count, symbols % 5);
	}
}

Test(times, takes_the_bits_that_noise_has)
{
	kinds_draw(COUNT_MAX);
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = 26 * (64 + random_next() % 64);
	cr_assert_leq(times_round_trip(COUNT_MAX, 4), COUNT_MAX * 6 / 8 + 400); /* bytes would take 20,000 */
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = 26 * ((kinds[i] % 4 + 1) * 100 + random_next() % 16);
	cr_assert_leq(times_round_trip(COUNT_MAX, 4), COUNT_MAX * 5 / 8); /* what the call says need not be said */
}

Test(times, are_not_widened_by_outliers)
{
	kinds_draw(COUNT_MAX);
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = i % 1000 ? 64 + random_next() % 64 : random_next();
	cr_assert_leq(times_round_trip(COUNT_MAX, 4), COUNT_MAX * 6 / 8 + 800);
}

Test(times, are_left_to_a_column_when_they_repeat)
{
	for (uint32_t i = 0; i < COUNT_MAX; i++)
		values[i] = 7;
	cr_assert_leq(times_round_trip(COUNT_MAX, 4), 16);
}

Test(times, refuses_bytes_that_end_too_early_anywhere)
{
	struct pack_buffer buffer;

	kinds_draw(500);
	for (uint32_t i = 0; i < 500; i++)
		values[i] = 1000 + random_next() % 500;
	times_put(&buffer, 500, 4);
	for (size_t size = 0; size < buffer.size; size++)
		cr_assert(!times_get(buffer.bytes, size, 500), "%zu bytes", size);
	cr_assert(!times_get(buffer.bytes, buffer.size, 700));
	pack_buffer_free(&buffer);
}

/* Whatever comes out, nothing is read beside the bytes or written beside the values: the sanitizers look. */
Test(times, survives_bytes_that_were_changed)
{
	struct pack_buffer buffer;

	kinds_draw(500);
	for (uint32_t i = 0; i < 500; i++)
		values[i] = i % 50 ? 1000 + random_next() % 500 : random_next();
	times_put(&buffer, 500, 3);
	for (uint32_t round = 0; round < 30000; round++) {
		size_t at = random_next() % (round % 2 ? buffer.size : 120);
		uint8_t kept = buffer.bytes[at];
		buffer.bytes[at] = (uint8_t)random_next();
		times_get(buffer.bytes, buffer.size, 500);
		buffer.bytes[at] = kept;
	}
	pack_buffer_free(&buffer);
}

/* A column of four values, all in one book; what is behind `book` ends the column. */
static bool book_is_taken(const char *book, size_t size)
{
	static const uint8_t before[] = {0x96, 9, 1, 0x90};
	static const uint8_t after[] = {0xc4, 20, 0x50, 0x50, 0x50, 0x50, 0, 0, 0, 0,	 0, 0, 0,
					0,    0,  0,	0,    0,    0,	  0, 0, 0, 0x93, 1, 1, 1};
	uint8_t bytes[200];

	memcpy(bytes, before, sizeof(before));
	memcpy(bytes + sizeof(before), book, size);
	memcpy(bytes + sizeof(before) + size, after, sizeof(after));
	memset(kinds, 0, sizeof(kinds));
	return times_get(bytes, sizeof(before) + size + sizeof(after), 4);
}

Test(times, takes_books_alone_that_give_every_pattern_a_meaning)
{
#define BOOK_IS_TAKEN(book) book_is_taken(book, sizeof(book) - 1)
	cr_assert(BOOK_IS_TAKEN("\x91\x93\xc0\x05\xc4\x02\x21\x02"));
	cr_assert(decoded[0] == 5 && decoded[1] == 5 && decoded[2] == 5 && decoded[3] == 5);
	cr_assert(BOOK_IS_TAKEN("\x91\x93\xc0\x05\xc4\x00")); /* one symbol, no bits */
	cr_assert(!BOOK_IS_TAKEN("\x91\x93\xc0\x05\xc4\x02\x21\x00"), "a pattern without a meaning");
	cr_assert(!BOOK_IS_TAKEN("\x91\x93\xc0\x05\xc4\x02\x11\x02"), "one with two");
	cr_assert(!BOOK_IS_TAKEN("\x91\x93\xc0\x05\xc4\x02\x21\xf2"), "a code of 15 bits");
	cr_assert(!BOOK_IS_TAKEN("\x91\x93\xc0\xcc\xbe\xc4\x02\x21\x02"), "symbol 192");
	cr_assert(!BOOK_IS_TAKEN("\x91\x93\x07\x05\xc4\x02\x21\x02"), "no book for call 0");
	cr_assert(!BOOK_IS_TAKEN("\x90"), "no book at all");
}
