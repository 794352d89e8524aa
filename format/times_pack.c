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
/*
 * Below so many bits a value LZ4 makes less of their bytes. With twice as many a call of recv took 0.77 bytes instead
 * of 0.59, and one of the ping 1.22 instead of 1.02.
 */
#define BITS_WORTH 1u

/* Symbols of all books have numbers of their own. */
#define BOOK_SYMBOLS 256u

_Static_assert(SYMBOLS_MAX <= BOOK_SYMBOLS && TIMES_BOOKS_MAX * BOOK_SYMBOLS - 1 <= UINT16_MAX,
	       "a symbol of a book fits 16 bits");

/* A symbol's code in the lowest 16 bits, then the length of its tail, 8 bits, and that of code and tail. */
#define CODE_TAIL_SHIFT	 16
#define CODE_TOTAL_SHIFT 24

struct times_coder {
	const struct times_books *books;
	const uint64_t *values;
	uint32_t count, patches;
	uint64_t unit;
	uint32_t least[TIMES_BOOKS_MAX], most[TIMES_BOOKS_MAX]; /* symbols that occur */
	uint64_t filler[TIMES_BOOKS_MAX]; /* an entry of books->symbols to stand where a patch comes */
	uint8_t lengths[TIMES_BOOKS_MAX * BOOK_SYMBOLS];
	uint32_t counts[TIMES_BOOKS_MAX * BOOK_SYMBOLS];
	uint32_t codes[TIMES_BOOKS_MAX * BOOK_SYMBOLS];
};

/* In books->symbols: the symbol in the lowest 16 bits, the tail above; or this, and the book above, for a patch. */
#define SYMBOL_PATCHED UINT16_MAX

/*
 * The first value, which is an absolute time, and negative ones do not count: they are patched. No unit is so large
 * that what is no multiple could be taken for a number.
 */
static uint64_t unit_find(const uint64_t *values, uint32_t count)
{
	uint64_t unit = 0;
	uint32_t step = count / SAMPLE_MAX + 1;

	for (uint32_t i = 1; i < count && unit != 1; i += step)
		if ((int64_t)values[i] > 0)
			unit = divisor_common(unit, values[i]);
	return unit && unit <= UINT64_MAX >> NUMBER_BITS_MAX ? unit : 1;
}

static void symbols_count(struct times_coder *coder)
{
	const struct times_books *books = coder->books;
	struct divisor divisor = divisor_of(coder->unit);

	for (uint32_t i = 0; i < coder->count; i++) {
		uint32_t book = books->book[books->kind[i]];
		uint64_t number = divide(coder->values[i], &divisor);
		if (__builtin_expect(number >> NUMBER_BITS_MAX, 0)) {
			books->symbols[i] = (uint64_t)book << 16 | SYMBOL_PATCHED;
			coder->patches++;
			continue;
		}
		unsigned tail = number_tail(number);
		uint32_t symbol = book * BOOK_SYMBOLS + number_symbol(number, tail);
		coder->counts[symbol]++;
		books->symbols[i] = (number & ((1ull << tail) - 1)) << 16 | symbol;
	}
}

/* ---- code lengths ---- */

/* Symbols in order of how often they occur, rare ones first; how many. Each is its count, and itself in the low 16
 * bits. */
static uint32_t symbols_sort(const uint32_t *counts, uint64_t *sorted)
{
	uint32_t count = 0;

	for (uint32_t symbol = 0; symbol < SYMBOLS_MAX; symbol++) {
		uint64_t key = (uint64_t)counts[symbol] << 16 | symbol;
		uint32_t at = count;
		if (!counts[symbol])
			continue;
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

/* Canonical codes, as the reader will find them, for the lengths of the symbols from `least` to `most`. */
static void codes_number(const uint8_t *lengths, uint32_t least, uint32_t most, uint32_t *codes)
{
	uint32_t next[CODE_BITS_MAX + 1] = {0}, bits = 0;

	for (uint32_t symbol = least; symbol <= most; symbol++)
		next[lengths[symbol]]++;
	next[0] = 0;
	for (unsigned length = 1; length <= CODE_BITS_MAX; length++) {
		uint32_t count = next[length];
		next[length] = bits;
		bits = (bits + count) << 1;
	}
	for (uint32_t symbol = least; symbol <= most; symbol++) {
		unsigned length = lengths[symbol], tail = symbol_tail(symbol);
		codes[symbol] =
			(length ? next[length]++ : 0) | tail << CODE_TAIL_SHIFT | (length + tail) << CODE_TOTAL_SHIFT;
	}
}

/* Give a book's symbols codes; how many bits those and the tails take for what was counted. */
static uint64_t book_make(struct times_coder *coder, uint32_t book)
{
	uint64_t sorted[SYMBOLS_MAX], bits = 0;
	uint32_t sorted_lengths[SYMBOLS_MAX], first = book * BOOK_SYMBOLS;
	uint8_t *lengths = coder->lengths + first;
	uint32_t count = symbols_sort(coder->counts + first, sorted);

	if (!count)
		sorted[count++] = 0;
	for (uint32_t i = 0; i < count; i++)
		sorted_lengths[i] = (uint32_t)(sorted[i] >> 16);
	if (count > 1) {
		weights_to_lengths(sorted_lengths, count);
		lengths_limit(sorted_lengths, count);
	} else {
		sorted_lengths[0] = 0;
	}
	uint32_t least = SYMBOLS_MAX, most = 0;
	memset(lengths, 0, BOOK_SYMBOLS);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t symbol = (uint16_t)sorted[i];
		least = symbol < least ? symbol : least;
		most = symbol > most ? symbol : most;
		lengths[symbol] = (uint8_t)sorted_lengths[i];
		bits += (sorted[i] >> 16) * (sorted_lengths[i] + symbol_tail(symbol));
	}
	codes_number(lengths, least, most, coder->codes + first);
	coder->least[book] = least;
	coder->most[book] = most;
	coder->filler[book] = first + (uint16_t)sorted[count - 1];
	return bits;
}

/* ---- writing ---- */

static void book_pack(msgpack_packer *out, const struct times_coder *coder, uint32_t book)
{
	uint8_t halves[SYMBOLS_MAX / 2 + 1] = {0};
	const uint8_t *lengths = coder->lengths + book * BOOK_SYMBOLS + coder->least[book];
	uint32_t count = coder->most[book] - coder->least[book] + 1;

	for (uint32_t i = 0; i < count; i++)
		halves[i / 2] |= (uint8_t)(lengths[i] << 4 * (i & 1));
	msgpack_pack_array(out, 3);
	if (coder->books->calls[book] == TIMES_CALL_ANY)
		msgpack_pack_nil(out);
	else
		msgpack_pack_uint32(out, coder->books->calls[book]);
	msgpack_pack_uint32(out, coder->least[book]);
	pack_bytes(out, halves, count > 1 ? (count + 1) / 2 : 0);
}

/* Every fourth value from `first` on; where the stream ends. Up to 8 bytes behind it are written over. */
static uint8_t *stream_write(const struct times_coder *coder, uint32_t first, uint8_t *at)
{
	const uint64_t *symbols = coder->books->symbols;
	uint64_t word = 0; /* bits that are not written yet, the first one highest */
	unsigned used = 0; /* how many */

	for (uint32_t i = first; i < coder->count; i += STREAMS) {
		uint32_t code = coder->codes[(uint16_t)symbols[i]];
		uint64_t bits = (uint64_t)(uint16_t)code << (code >> CODE_TAIL_SHIFT & 31) | symbols[i] >> 16;
		used += code >> CODE_TOTAL_SHIFT;
		/* in two steps: when nothing is used the bits, which are 0, are shifted by 64 */
		word |= bits << 1 << (63 - used);
		uint64_t bytes = __builtin_bswap64(word);
		memcpy(at, &bytes, sizeof(bytes));
		at += used / 8;
		word <<= used & ~7u;
		used &= 7;
	}
	return at + (used + 7) / 8;
}

/* The streams as bytes with a head of fixed size, since how long they get shows at their end. */
static void streams_pack(struct pack_buffer *out, const struct times_coder *coder, uint64_t bits)
{
	enum { HEAD = 5 };
	size_t start = out->size;
	uint8_t *bytes = pack_buffer_extend(out, HEAD + bits / 8 + 2 * STREAMS + STREAMS_EXCESS);
	uint32_t sizes[STREAMS];

	if (!bytes)
		return;
	uint8_t *at = bytes + HEAD;
	for (unsigned i = 0; i < STREAMS; i++) {
		uint8_t *end = stream_write(coder, i, at);
		sizes[i] = (uint32_t)(end - at);
		at = end;
	}
	pack_buffer_mark(out, start + HEAD, (size_t)(at - bytes) - HEAD, PACK_DENSE);
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

/* Also puts a symbol of the book's own where a patch comes. */
static void patches_pack(struct pack_buffer *out, struct times_coder *coder)
{
	uint64_t *symbols = coder->books->symbols;
	uint32_t left = coder->patches;

	msgpack_pack_array(&out->packer, 2 * left);
	for (uint32_t i = 0; left; i++) {
		if ((uint16_t)symbols[i] != SYMBOL_PATCHED)
			continue;
		symbols[i] = coder->filler[symbols[i] >> 16];
		msgpack_pack_uint32(&out->packer, i);
		msgpack_pack_int64(&out->packer, (int64_t)coder->values[i]);
		left--;
	}
}

/* Count and make the books; how many bits all codes and tails take. */
static uint64_t books_fill(struct times_coder *coder)
{
	uint64_t bits = 0;

	memset(coder->counts, 0, coder->books->count * BOOK_SYMBOLS * sizeof(coder->counts[0]));
	symbols_count(coder);
	for (uint32_t book = 0; book < coder->books->count; book++)
		bits += book_make(coder, book);
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
	for (uint32_t book = 0; book < books->count; book++)
		book_pack(&out->packer, &coder, book);
	streams_pack(out, &coder, bits + coder.patches * (CODE_BITS_MAX + TAIL_BITS_MAX));
}
