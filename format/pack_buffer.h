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

struct pack_buffer {
	msgpack_packer packer;
	uint8_t *bytes;
	size_t size, capacity;
	size_t limit; /* the size is never above it */
	bool failed;
};

void pack_buffer_init(struct pack_buffer *buffer, size_t limit);
void pack_buffer_free(struct pack_buffer *buffer);

/* Append room for `size` bytes, to be filled by the caller. NULL when there is none. */
uint8_t *pack_buffer_extend(struct pack_buffer *buffer, size_t size);

/* Write everything to `out` in one piece and become empty. 0, or -ENOMEM when a step failed or `out` refused. */
int pack_buffer_move(struct pack_buffer *buffer, msgpack_packer *out);

/* Text as MessagePack str; NULL as nil. */
void pack_text(msgpack_packer *out, const char *text);
void pack_text_sized(msgpack_packer *out, const char *text, size_t size);
void pack_bytes(msgpack_packer *out, const void *bytes, size_t size);

#endif
