// SPDX-License-Identifier: MIT
/*
 * The pool of a score: bytes that acts refer to by their offset, each string of them once.
 */
#include "replay/composition.h"

struct piece {
	uint32_t at, size;
};

/* Offset 0 is nobody's: its 16 bytes are zeros. */
uint32_t pool_add(struct composition *composition, const void *bytes, size_t size)
{
	static const char zeros[16];
	uint64_t hash = map_hash(size, bytes, size);
	uintptr_t row = (uintptr_t)map_get(&composition->pool_map, hash);
	struct piece *piece = row ? &ROWS(composition->pieces, struct piece)[row - 1] : NULL;
	struct text *pool = &composition->pool;
	uint32_t at;

	if (!pool->size)
		text_add(pool, zeros, sizeof(zeros));
	if (!size)
		return 0;
	if (piece && piece->size == size && !memcmp(pool->bytes + piece->at, bytes, size))
		return piece->at;
	text_add(pool, zeros, -pool->size & 15);
	at = (uint32_t)pool->size;
	if (pool->size + size > INT32_MAX)
		pool->failed = true;
	text_add(pool, bytes, size);
	piece = rows_add(&composition->pieces, sizeof(*piece));
	if (pool->failed || !piece) {
		composition->failed = true;
		return 0;
	}
	*piece = (struct piece){at, (uint32_t)size};
	if (map_put(&composition->pool_map, hash, (void *)(uintptr_t)composition->pieces.count))
		composition->failed = true;
	return at;
}
