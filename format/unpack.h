// SPDX-License-Identifier: MIT
/*
 * A cursor over MessagePack bytes that may be anything.
 *
 * msgpack-c's unpacker builds a tree first: 24 bytes for each byte of input, and as much as an array's head claims. The
 * cursor needs no memory, never looks outside its bytes, and gives views into them. The first mistake sticks: every
 * later read yields zero, so callers check `failed` where they need to.
 */
#ifndef IPCTRACE_FORMAT_UNPACK_H
#define IPCTRACE_FORMAT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct unpack {
	const uint8_t *at, *end;
	bool failed;
};

/* A view of bytes or text, not NUL-terminated. */
struct unpack_view {
	const uint8_t *bytes;
	uint32_t size;
};

static inline struct unpack unpack_from(const void *bytes, size_t size)
{
	return (struct unpack){.at = bytes, .end = (const uint8_t *)bytes + size};
}

/* What the inline functions below leave: objects of any spelling, and mistakes. */
uint32_t unpack_array_any(struct unpack *in);
uint64_t unpack_integer_any(struct unpack *in);
struct unpack_view unpack_view_any(struct unpack *in);
uint64_t unpack_beyond(struct unpack *in);

/* How many elements an array (or pairs a map) has; never more than there are bytes left. */
static inline uint32_t unpack_array(struct unpack *in)
{
	const uint8_t *at = in->at;

	if (at == in->end || (*at & 0xf0) != 0x90 || (*at & 0x0f) > in->end - at - 1)
		return unpack_array_any(in);
	in->at++;
	return *at & 0x0f;
}
uint32_t unpack_map(struct unpack *in);

/* An array of at least `count` elements; the caller reads `count` and skips the rest. */
static inline uint32_t unpack_array_of(struct unpack *in, uint32_t count)
{
	uint32_t elements = unpack_array(in);

	if (elements < count)
		unpack_beyond(in);
	return elements;
}

/*
 * Any integer, in two's complement when negative; likewise booleans as 0 and 1. The spellings of small numbers and of
 * hashes are read in place: with that, payloads that all differ take 37 ns an event to decode instead of 50.
 */
static inline uint64_t unpack_integer(struct unpack *in)
{
	const uint8_t *at = in->at;
	uint64_t wide;

	if (at < in->end && *at < 0x80) {
		in->at++;
		return *at;
	}
	if (in->end - at < 9 || *at < 0xcc || *at > 0xcf)
		return unpack_integer_any(in);
	/* unsigned, of 1, 2, 4 or 8 bytes */
	unsigned bytes = 1u << (*at - 0xcc);
	memcpy(&wide, at + 1, sizeof(wide));
	in->at += 1 + bytes;
	return __builtin_bswap64(wide) >> (64 - 8 * bytes);
}

/* An integer from 0 to `max`. */
static inline uint64_t unpack_number(struct unpack *in, uint64_t max)
{
	uint64_t value = unpack_integer(in);

	return value <= max ? value : unpack_beyond(in);
}

/* A str or bin; nil is empty. */
static inline struct unpack_view unpack_view(struct unpack *in)
{
	const uint8_t *at = in->at;

	if (in->end - at < 2 || at[0] != 0xc4 || at[1] > in->end - at - 2)
		return unpack_view_any(in);
	in->at += 2 + at[1];
	return (struct unpack_view){at + 2, at[1]};
}

/* Whether nil is next; if so it is consumed. */
bool unpack_nil(struct unpack *in);

/* Pass over `count` objects with all they contain. */
void unpack_skip(struct unpack *in, uint64_t count);

bool unpack_view_is(struct unpack_view view, const char *text);

#endif
