// SPDX-License-Identifier: MIT
/*
 * Chunks from malloc, each at least as large as the one before.
 */
#include <stdlib.h>
#include <string.h>

#include "format/arena.h"

#define ARENA_CHUNK 65536u

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(16) uint8_t bytes[];
};

void arena_free(struct arena *arena)
{
	while (arena->chunks) {
		struct arena_chunk *chunk = arena->chunks;
		arena->chunks = chunk->next;
		free(chunk);
	}
	arena->used = arena->spent = 0;
}

void arena_reset(struct arena *arena)
{
	/* chunks grow, so the first is the largest */
	while (arena->chunks && arena->chunks->next) {
		struct arena_chunk *chunk = arena->chunks->next;
		arena->chunks->next = chunk->next;
		free(chunk);
	}
	arena->used = arena->spent = 0;
}

static struct arena_chunk *arena_grow(struct arena *arena, size_t bytes)
{
	size_t size = arena->chunks ? 2 * arena->chunks->size : ARENA_CHUNK;

	if (size < bytes)
		size = bytes;
	struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->next = arena->chunks;
	chunk->size = size;
	arena->chunks = chunk;
	arena->used = 0;
	return chunk;
}

void *arena_raw(struct arena *arena, uint64_t count, size_t size)
{
	if (count > arena->budget / size)
		return NULL;
	size_t bytes = (count * size + 15) & ~(size_t)15;
	if (bytes > arena->budget - arena->spent)
		return NULL;
	struct arena_chunk *chunk = arena->chunks;
	if ((!chunk || bytes > chunk->size - arena->used) && !(chunk = arena_grow(arena, bytes)))
		return NULL;
	void *piece = chunk->bytes + arena->used;
	arena->used += bytes;
	arena->spent += bytes;
	return piece;
}

void *arena_new(struct arena *arena, uint64_t count, size_t size)
{
	void *piece = arena_raw(arena, count, size);

	return piece ? memset(piece, 0, count * size) : NULL;
}

const char *arena_text(struct arena *arena, const void *bytes, size_t size)
{
	char *text = arena_raw(arena, (uint64_t)size + 1, 1);

	if (!text)
		return NULL;
	memcpy(text, bytes, size);
	text[size] = 0;
	return text;
}
