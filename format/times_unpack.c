// SPDX-License-Identifier: MIT
/*
 * Decoding of times. Whatever a book or a stream claims is checked: a book must give every pattern of bits a meaning,
 * the streams are looked at by whole words within their bytes, and must end where they say.
 */
#include <string.h>

#include "format/batch_decode.h"
#include "format/column.h"
#include "format/times.h"
#include "format/times_parts.h"

#define TABLE_SIZE (1u << CODE_BITS_MAX)
/* Bits of a word from any bit of a byte on. */
#define WORD_BITS 57u

/*
 * What a pattern of CODE_BITS_MAX bits begins with: in the lowest 8 bits 63 less, in the next 8 the bits of code and
 * tail together, and above what is to be added to these bits for the number, signed. So a number takes few
 * instructions, of which there are 20 a value.
 */
struct book {
	uint64_t entries[TABLE_SIZE];
};

/* `code` stands where the symbol's highest bits belong. */
static uint64_t entry_of(uint32_t symbol, unsigned length, uint32_t code)
{
	unsigned tail = symbol_tail(symbol), bits = length + tail;
	uint64_t difference = ((uint64_t)symbol_top(symbol) - code) << tail;

	return (63 - bits) | bits << 8 | difference << 16;
}

/* Half a byte a symbol, from `least` on. */
static unsigned length_at(struct unpack_view lengths, uint32_t i)
{
	return lengths.bytes[i / 2] >> 4 * (i & 1) & 15;
}

static void entries_fill(uint64_t *entries, uint32_t count, uint64_t entry)
{
	for (uint32_t i = 0; i < count; i++)
		entries[i] = entry;
}

/* Canonical codes: shorter ones first, those of a length in order of the symbols. False when patterns are left over. */
static bool book_fill(struct book *book, uint32_t least, struct unpack_view lengths)
{
	uint32_t start[16] = {0}, count = 2 * lengths.size, all = 0;

	for (uint32_t i = 0; i < count; i++)
		start[length_at(lengths, i)]++;
	for (unsigned length = 1; length <= CODE_BITS_MAX; length++) {
		uint32_t patterns = start[length] << (CODE_BITS_MAX - length);
		start[length] = all;
		all += patterns;
	}
	if (all != TABLE_SIZE)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		unsigned length = length_at(lengths, i);
		if (!length)
			continue;
		if (length > CODE_BITS_MAX || least + i >= SYMBOLS_MAX)
			return false;
		uint32_t code = start[length] >> (CODE_BITS_MAX - length);
		entries_fill(book->entries + start[length], TABLE_SIZE >> length, entry_of(least + i, length, code));
		start[length] += TABLE_SIZE >> length;
	}
	return true;
}

/* A book, and which shapes are coded by it. */
static void book_read(struct unpack *in, struct book *book, const struct times_shapes *shapes)
{
	uint32_t elements = unpack_array_of(in, 3);
	bool is_for_any = unpack_nil(in);
	uint32_t call = is_for_any ? 0 : (uint32_t)unpack_number(in, UINT16_MAX);
	uint32_t least = (uint32_t)unpack_number(in, SYMBOLS_MAX - 1);
	struct unpack_view lengths = unpack_view(in);

	in->failed |= lengths.size > SYMBOLS_MAX / 2;
	if (in->failed)
		return;
	if (!lengths.size)
		entries_fill(book->entries, TABLE_SIZE, entry_of(least, 0, 0));
	else
		in->failed |= !book_fill(book, least, lengths);
	for (uint32_t i = 0; i < shapes->shapes_count; i++)
		if (is_for_any ? !shapes->book[i] : shapes->shapes[i].call_index == call)
			shapes->book[i] = book;
	unpack_skip(in, elements - 3);
}

/* The books of a column; every shape must have one. */
static uint32_t books_read(struct unpack *in, struct book *books, const struct times_shapes *shapes)
{
	uint32_t count = unpack_array(in);

	memset(shapes->book, 0, shapes->shapes_count * sizeof(*shapes->book));
	in->failed |= count > TIMES_BOOKS_MAX;
	for (uint32_t i = 0; i < count && !in->failed; i++)
		book_read(in, &books[i], shapes);
	for (uint32_t i = 0; i < shapes->shapes_count && !in->failed; i++)
		in->failed |= !shapes->book[i];
	return count;
}

/* The bits from `at` on, WORD_BITS of them at least, the first one highest. */
static inline uint64_t word_at(const uint8_t *bytes, uint64_t at)
{
	uint64_t word;

	memcpy(&word, bytes + (at >> 3), sizeof(word));
	return __builtin_bswap64(word) << (at & 7);
}

static inline uint64_t entry_at(const struct book *book, uint64_t word)
{
	return book->entries[word >> (64 - CODE_BITS_MAX)];
}

/* Code and tail. */
static inline unsigned entry_bits(uint64_t entry)
{
	return (uint8_t)(entry >> 8);
}

/* The number that begins with `entry`, the first of the bits in `word`. */
static inline uint64_t entry_number(uint64_t entry, uint64_t word)
{
	return (word >> 1 >> (entry & 63)) + (uint64_t)((int64_t)entry >> 16);
}

/*
 * The next two numbers of a stream, for values[0] and values[STREAMS]; returns where they end. One word nearly always
 * has both.
 */
static inline __attribute__((always_inline)) uint64_t numbers_next(const uint8_t *bytes, uint64_t at, uint64_t *values,
								   uint64_t unit, const struct book *const *books,
								   const uint32_t *shape)
{
	uint64_t word = word_at(bytes, at);
	uint64_t entry = entry_at(books[shape[0]], word);

	values[0] = entry_number(entry, word) * unit;
	word <<= entry_bits(entry);
	at += entry_bits(entry);
	uint64_t second = entry_at(books[shape[STREAMS]], word);
	if (__builtin_expect(entry_bits(entry) + entry_bits(second) > WORD_BITS, 0)) {
		word = word_at(bytes, at);
		second = entry_at(books[shape[STREAMS]], word);
	}
	values[STREAMS] = entry_number(second, word) * unit;
	return at + entry_bits(second);
}

/* Streams of `count` values in `bytes`, whose last word begins at bit `last`; where they stand in at[]. */
static bool streams_read(const uint8_t *bytes, uint64_t last, uint64_t at[STREAMS], uint64_t *values, size_t count,
			 uint64_t unit, const struct book *const *books, const uint32_t *shape)
{
	uint64_t a = at[0], b = at[1], c = at[2], d = at[3];
	size_t i = 0;

	for (; i + 2 * STREAMS <= count; i += 2 * STREAMS) {
		if (((last - a) | (last - b) | (last - c) | (last - d)) >> 63)
			return false;
		a = numbers_next(bytes, a, values + i, unit, books, shape + i);
		b = numbers_next(bytes, b, values + i + 1, unit, books, shape + i + 1);
		c = numbers_next(bytes, c, values + i + 2, unit, books, shape + i + 2);
		d = numbers_next(bytes, d, values + i + 3, unit, books, shape + i + 3);
	}
	at[0] = a;
	at[1] = b;
	at[2] = c;
	at[3] = d;
	for (; i < count; i++) {
		uint64_t *from = &at[i % STREAMS];
		if (*from > last)
			return false;
		uint64_t word = word_at(bytes, *from);
		uint64_t entry = entry_at(books[shape[i]], word);
		values[i] = entry_number(entry, word) * unit;
		*from += entry_bits(entry);
	}
	return true;
}

/* Where the streams begin and, behind the last of them, end; in bytes. */
static void streams_open(struct unpack *in, uint64_t size, uint64_t begin[STREAMS + 1])
{
	uint32_t elements = unpack_array_of(in, STREAMS - 1);

	begin[0] = 0;
	for (unsigned i = 1; i < STREAMS; i++)
		begin[i] = begin[i - 1] + unpack_number(in, UINT32_MAX);
	begin[STREAMS] = size - STREAMS_EXCESS;
	in->failed |= size < STREAMS_EXCESS || begin[STREAMS - 1] > begin[STREAMS];
	unpack_skip(in, in->failed ? 0 : elements - (STREAMS - 1));
}

static void patches_read(struct unpack *in, uint64_t *values, uint32_t count)
{
	uint32_t elements = unpack_array(in);

	in->failed |= elements & 1;
	for (; elements && !in->failed; elements -= 2) {
		uint64_t place = unpack_integer(in), value = unpack_integer(in);
		in->failed |= place >= count;
		if (!in->failed)
			values[place] = value;
	}
}

static void times_decode(struct unpack *in, uint64_t *values, uint32_t count, const struct times_shapes *shapes)
{
	struct book books[TIMES_BOOKS_MAX];
	uint64_t begin[STREAMS + 1], at[STREAMS], unit = unpack_integer(in);

	struct unpack patches = *in; /* they replace what the streams say */
	unpack_skip(in, 1);
	books_read(in, books, shapes);
	struct unpack_view bytes = unpack_view(in);
	streams_open(in, bytes.size, begin);
	if (in->failed)
		return;
	for (unsigned i = 0; i < STREAMS; i++)
		at[i] = 8 * begin[i];
	in->failed |=
		!streams_read(bytes.bytes, 8 * begin[STREAMS], at, values, count, unit, shapes->book, shapes->shape);
	for (unsigned i = 0; i < STREAMS; i++)
		in->failed |= at[i] > 8 * begin[i + 1];
	patches_read(&patches, values, count);
	in->failed |= patches.failed;
}

void times_unpack(struct unpack *in, uint64_t *values, uint32_t count, const struct times_shapes *shapes)
{
	struct unpack again = *in;
	uint32_t elements = unpack_array_of(in, 5);

	if (unpack_number(in, UINT8_MAX) != TIMES_CODED) {
		*in = again;
		column_unpack(in, values, count);
		return;
	}
	in->failed |= elements < 6;
	times_decode(in, values, count, shapes);
	unpack_skip(in, in->failed ? 0 : elements - 6);
}
