// SPDX-License-Identifier: MIT
/*
 * A growing buffer that a msgpack_packer writes into.
 *
 * Failure (no memory, or over the limit) sticks, so that a whole object can be packed without looking at every step,
 * and pack_buffer_move() hands an object on either whole or not at all.
 */
#ifndef IPCTRACE_FORMAT_PACK_BUFFER_H
#define IPCTRACE_FORMAT_PACK_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

/* So much is said of a buffer's ranges at most, and smaller ones are not worth a block of their own. */
#define PACK_RANGES_MAX 64u
#define PACK_RANGE_MIN	512u

/* What LZ4 finds in a range: it is known here, and costs time to find out. */
enum pack_sort {
	PACK_DENSE, /* nothing: codes */
	PACK_ALIKE, /* long matches, and longer ones when it looks further */
};

struct pack_range {
	size_t offset, size;
	enum pack_sort sort;
};

struct pack_buffer {
	msgpack_packer packer;
	uint8_t *bytes;
	size_t size, capacity;
	size_t limit; /* the size is never above it */
	bool failed;
	uint32_t ranges_count;
	struct pack_range ranges[PACK_RANGES_MAX]; /* in order; of what is between nothing is known */
};

void pack_buffer_init(struct pack_buffer *buffer, size_t limit);
void pack_buffer_free(struct pack_buffer *buffer);

/* Append room for `size` bytes, to be filled by the caller. NULL when there is none. */
uint8_t *pack_buffer_extend(struct pack_buffer *buffer, size_t size);

/* Says what is in `size` bytes from `offset` on, behind all that was said something of before. */
void pack_buffer_mark(struct pack_buffer *buffer, size_t offset, size_t size, enum pack_sort sort);

/* Forget everything from `size` on. */
void pack_buffer_cut(struct pack_buffer *buffer, size_t size);

/*
 * Write everything to `out` in one piece and become empty; what is known of its ranges goes along, if that is a
 * pack_buffer. 0, or -ENOMEM when a step failed or `out` refused.
 */
int pack_buffer_move(struct pack_buffer *buffer, msgpack_packer *out);

/* Text as MessagePack str; NULL as nil. */
void pack_text(msgpack_packer *out, const char *text);
void pack_text_sized(msgpack_packer *out, const char *text, size_t size);
void pack_bytes(msgpack_packer *out, const void *bytes, size_t size);

#endif
