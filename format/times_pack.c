// SPDX-License-Identifier: MIT
/*
 * Coding of times: counts how often each book meets each symbol, gives the frequent ones short codes, and writes the
 * streams.
 */
#include <string.h>

#include "format/column.h"
#include "format/divisor.h"
#include "format/times.h"
#include "format/times_parts.h"

/* Of so many values the unit is the greatest common divisor. */
#define SAMPLE_MAX 64u
/* Below so many bits a value times repeat, and LZ4 makes less of their bytes. */
#define BITS_WORTH 2u

struct code {
	uint16_t bits;
	uint8_t length;
};

struct book {
	uint32_t counts[SYMBOLS_MAX];
	struct code codes[SYMBOLS_MAX];
	uint32_t least, most; /* symbols that occur */
	uint32_t filler;      /* a number to stand where a patch comes */
};

struct times_coder {
	const struct times_books *books;
	const uint64_t *values;
	uint32_t count, patches;
	uint64_t unit;
	struct book book[TIMES_BOOKS_MAX];
};

/* In books->numbers: a number, above it which book it is coded by. */
#define BOOK_SHIFT NUMBER_BITS_MAX
/* Set where a patch comes, until the book is known. */
#define NUMBER_PATCHED (1u << 31)

_Static_assert(TIMES_BOOKS_MAX << BOOK_SHIFT < NUMBER_PATCHED, "a number, its book and the mark fit 32 bits");

/* The first value, which is an absolute time, and negative ones do not count: they are patched. */
static uint64_t unit_find(const uint64_t *values, uint32_t count)
{
	uint64_t unit = 0;
	uint32_t step = count / SAMPLE_MAX + 1;

	for (uint32_t i = 1; i < count && unit != 1; i += step)
		if ((int64_t)values[i] > 0)
			unit = divisor_common(unit, values[i]);
	return unit ? unit : 1;
}

static void symbols_count(struct times_coder *coder)
{
	const struct times_books *books = coder->books;
	struct divisor divisor = divisor_of(coder->unit);

	for (uint32_t i = 0; i < coder->count; i++) {
		uint32_t book = books->book[books->kind[i]];
		uint64_t number = divide_exactly(coder->values[i], &divisor);
		bool fits = !(number >> NUMBER_BITS_MAX);
		books->numbers[i] = book << BOOK_SHIFT | (fits ? (uint32_t)number : NUMBER_PATCHED);
		coder->patches += !fits;
		if (fits)
			coder->book[book].counts[number_symbol(number, number_tail(number))]++;
	}
}

/* ---- code lengths ---- */

/* Symbols in order of how often they occur, rare ones first; how many. Each is its count, and itself in the low 16
 * bits. */
static uint32_t symbols_sort(struct book *book, uint64_t *sorted)
{
	uint32_t count = 0;

	book->least = SYMBOLS_MAX;
	for (uint32_t symbol = 0; symbol < SYMBOLS_MAX; symbol++) {
		uint64_t key = (uint64_t)book->counts[symbol] << 16 | symbol;
		uint32_t at = count;
		if (!book->counts[symbol])
			continue;
		book->least = book->least < symbol ? book->least : symbol;
		book->most = symbol;
		for (; at > 0 && sorted[at - 1] > key; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = key;
		count++;
	}
	return count;
}

/*
 * Huffman's lengths, in place, by A. Moffat and J. Katajainen, "In-Place Calculation of Minimum-Redundancy Codes"
 * (1995): weights[] of `count` (two at least) symbols in ascending order become lengths in descending order.
 */
static void weights_to_lengths(uint32_t *weights, uint32_t count)
{
	uint32_t leaf = 2, root = 0, next;

	/* each inner node's weight, then its parent */
	weights[0] += weights[1];
	for (next = 1; next < count - 1; next++) {
		for (int side = 0; side < 2; side++) {
			uint32_t weight;
			if (leaf >= count || (root < next && weights[root] < weights[leaf])) {
				weight = weights[root];
				weights[root++] = next;
			} else {
				weight = weights[leaf++];
			}
			weights[next] = side ? weights[next] + weight : weight;
		}
	}
	/* each inner node's depth */
	weights[count - 2] = 0;
	for (uint32_t i = count - 2; i-- > 0;)
		weights[i] = weights[weights[i]] + 1;
	/* leaves of each depth: as many as there is room for beside the inner nodes */
	uint32_t room = 1, used = 0, depth = 0, at = count;
	int64_t inner = (int64_t)count - 2;
	while (room) {
		for (used = 0; inner >= 0 && weights[inner] == depth; inner--)
			used++;
		for (; room > used; room--)
			weights[--at] = depth;
		room = 2 * used;
		depth++;
	}
}

/* No length above CODE_BITS_MAX, and every pattern used: first the rare ones pay, then the frequent ones gain. */
static void lengths_limit(uint32_t *lengths, uint32_t count)
{
	uint32_t patterns = 0, all = 1u << CODE_BITS_MAX;

	for (uint32_t i = 0; i < count; i++) {
		lengths[i] = lengths[i] < CODE_BITS_MAX ? lengths[i] : CODE_BITS_MAX;
		patterns += all >> lengths[i];
	}
	for (uint32_t i = 0; patterns > all; i++)
		for (; patterns > all && lengths[i] < CODE_BITS_MAX; lengths[i]++)
			patterns -= all >> (lengths[i] + 1);
	for (uint32_t i = count; patterns<all; i = i> 1 ? i - 1 : count)
		for (; patterns + (all >> lengths[i - 1]) <= all; lengths[i - 1]--)
			patterns += all >> lengths[i - 1];
}

/* Canonical codes, as the reader will find them. */
static void codes_number(struct book *book)
{
	uint32_t next[CODE_BITS_MAX + 2] = {0}, bits = 0;

	for (uint32_t symbol = book->least; symbol <= book->most; symbol++)
		next[book->codes[symbol].length]++;
	for (unsigned length = 1; length <= CODE_BITS_MAX; length++) {
		uint32_t codes = next[length];
		next[length] = bits;
		bits = (bits + codes) << 1;
	}
	for (uint32_t symbol = book->least; symbol <= book->most; symbol++)
		if (book->codes[symbol].length)
			book->codes[symbol].bits = (uint16_t)next[book->codes[symbol].length]++;
}

/* Give its symbols codes; how many bits those and the tails take for what was counted. */
static uint64_t book_make(struct book *book)
{
	uint64_t sorted[SYMBOLS_MAX], bits = 0;
	uint32_t lengths[SYMBOLS_MAX];
	uint32_t count = symbols_sort(book, sorted);

	if (!count) {
		book->counts[0] = 1;
		count = symbols_sort(book, sorted);
	}
	for (uint32_t i = 0; i < count; i++)
		lengths[i] = (uint32_t)(sorted[i] >> 16);
	if (count > 1) {
		weights_to_lengths(lengths, count);
		lengths_limit(lengths, count);
	} else {
		lengths[0] = 0;
	}
	memset(book->codes + book->least, 0, (book->most - book->least + 1) * sizeof(book->codes[0]));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t symbol = (uint16_t)sorted[i];
		book->codes[symbol].length = (uint8_t)lengths[i];
		bits += (sorted[i] >> 16) * (lengths[i] + symbol_tail(symbol));
		book->filler = symbol_top(symbol) << symbol_tail(symbol);
	}
	codes_number(book);
	return bits;
}

/* ---- writing ---- */

static void book_pack(msgpack_packer *out, const struct book *book, uint32_t call)
{
	uint8_t lengths[SYMBOLS_MAX / 2 + 1] = {0};
	uint32_t count = book->most - book->least + 1;

	for (uint32_t i = 0; i < count; i++)
		lengths[i / 2] |= (uint8_t)(book->codes[book->least + i].length << 4 * (i & 1));
	msgpack_pack_array(out, 3);
	if (call == TIMES_CALL_ANY)
		msgpack_pack_nil(out);
	else
		msgpack_pack_uint32(out, call);
	msgpack_pack_uint32(out, book->least);
	pack_bytes(out, lengths, count > 1 ? (count + 1) / 2 : 0);
}

/* Every fourth number from `first` on; where the stream ends. Up to 8 bytes behind it are written over. */
static uint8_t *stream_write(const struct times_coder *coder, uint32_t first, uint8_t *at)
{
	const uint32_t *numbers = coder->books->numbers;
	uint64_t word = 0;
	unsigned used = 0;

	for (uint32_t i = first; i < coder->count; i += STREAMS) {
		uint32_t number = numbers[i] & ((1u << BOOK_SHIFT) - 1);
		unsigned tail = number_tail(number);
		struct code code = coder->book[numbers[i] >> BOOK_SHIFT].codes[number_symbol(number, tail)];
		used += code.length + tail;
		/* of a number without bits nothing is to be shifted in: it shifts by 63 at most */
		word |= (uint64_t)(code.bits << tail | (number & ((1u << tail) - 1))) << 1 << (63 - used);
		uint64_t bytes = __builtin_bswap64(word);
		memcpy(at, &bytes, sizeof(bytes));
		at += used / 8;
		word <<= used & ~7u;
		used &= 7;
	}
	return at + (used + 7) / 8;
}

/* The streams as bytes with a head of fixed size, since how long they get shows at their end. */
static void streams_pack(struct pack_buffer *out, struct times_coder *coder, uint64_t bits)
{
	enum { HEAD = 5 };
	size_t start = out->size;
	uint8_t *bytes = pack_buffer_extend(out, HEAD + bits / 8 + STREAMS + STREAMS_EXCESS);
	uint32_t sizes[STREAMS];

	if (!bytes)
		return;
	uint8_t *at = bytes + HEAD;
	for (unsigned i = 0; i < STREAMS; i++) {
		uint8_t *end = stream_write(coder, i, at);
		sizes[i] = (uint32_t)(end - at);
		at = end;
	}
	memset(at, 0, STREAMS_EXCESS);
	at += STREAMS_EXCESS;
	uint32_t size = __builtin_bswap32((uint32_t)(at - bytes - HEAD));
	bytes[0] = 0xc6;
	memcpy(bytes + 1, &size, sizeof(size));
	out->size = start + (size_t)(at - bytes);
	msgpack_pack_array(&out->packer, STREAMS - 1);
	for (unsigned i = 0; i < STREAMS - 1; i++)
		msgpack_pack_uint32(&out->packer, sizes[i]);
}

/* Also puts a number of the book's own where a patch comes. */
static void patches_pack(struct pack_buffer *out, struct times_coder *coder)
{
	uint32_t *numbers = coder->books->numbers, left = coder->patches;

	msgpack_pack_array(&out->packer, 2 * left);
	for (uint32_t i = 0; left; i++) {
		if (!(numbers[i] & NUMBER_PATCHED))
			continue;
		numbers[i] &= ~NUMBER_PATCHED;
		numbers[i] |= coder->book[numbers[i] >> BOOK_SHIFT].filler;
		msgpack_pack_uint32(&out->packer, i);
		msgpack_pack_int64(&out->packer, (int64_t)coder->values[i]);
		left--;
	}
}

/* Count and make the books; how many bits all codes and tails take. */
static uint64_t books_fill(struct times_coder *coder)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < coder->books->count; i++)
		memset(coder->book[i].counts, 0, sizeof(coder->book[i].counts));
	symbols_count(coder);
	for (uint32_t i = 0; i < coder->books->count; i++)
		bits += book_make(&coder->book[i]);
	return bits;
}

void times_pack(struct pack_buffer *out, const uint64_t *values, uint32_t count, const struct times_books *books)
{
	struct times_coder coder;
	uint64_t bits = 0;

	coder.books = books;
	coder.values = values;
	coder.count = count;
	coder.patches = 0;
	coder.unit = unit_find(values, count);
	if (books->count)
		bits = books_fill(&coder);
	if (bits < BITS_WORTH * (uint64_t)count || coder.patches > count / 32 + 2 || !books->count) {
		column_pack(out, values, count);
		return;
	}
	msgpack_pack_array(&out->packer, 6);
	msgpack_pack_uint8(&out->packer, TIMES_CODED);
	msgpack_pack_uint64(&out->packer, coder.unit);
	patches_pack(out, &coder);
	msgpack_pack_array(&out->packer, books->count);
	for (uint32_t i = 0; i < books->count; i++)
		book_pack(&out->packer, &coder.book[i], books->calls[i]);
	streams_pack(out, &coder, bits + coder.patches * (CODE_BITS_MAX + TAIL_BITS_MAX));
}
