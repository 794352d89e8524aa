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

/* How many elements an array (or pairs a map) has; never more than there are bytes left. */
uint32_t unpack_array(struct unpack *in);
uint32_t unpack_map(struct unpack *in);

/* An array of at least `count` elements; the caller reads `count` and skips the rest. */
uint32_t unpack_array_of(struct unpack *in, uint32_t count);

/* Any integer, in two's complement when negative; likewise booleans as 0 and 1. */
uint64_t unpack_integer(struct unpack *in);

/* An integer from 0 to `max`. */
uint64_t unpack_number(struct unpack *in, uint64_t max);

/* A str or bin; nil is empty. */
struct unpack_view unpack_view(struct unpack *in);

/* Whether nil is next; if so it is consumed. */
bool unpack_nil(struct unpack *in);

/* Pass over `count` objects with all they contain. */
void unpack_skip(struct unpack *in, uint64_t count);

bool unpack_view_is(struct unpack_view view, const char *text);

#endif
