// SPDX-License-Identifier: MIT
/*
 * Memory that is handed out piece by piece and taken back all at once, up to a budget.
 *
 * Decoders use it so that a frame costs few allocations and a lying one no more than the budget.
 */
#ifndef IPCTRACE_FORMAT_ARENA_H
#define IPCTRACE_FORMAT_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(16) uint8_t bytes[];
};

struct arena {
	struct arena_chunk *chunks; /* the one in use first */
	size_t used;		    /* of the first chunk */
	size_t spent, budget;
};

/* `arena` is all zero but for its budget before first use. */
void arena_free(struct arena *arena);

/* Take everything back; room for as much again is kept, in one piece. */
void arena_reset(struct arena *arena);

/* `count` objects of `size` bytes, zeroed, aligned to 16. NULL when the budget or the memory is spent. */
void *arena_new(struct arena *arena, uint64_t count, size_t size);

/* For arena_raw(): `bytes`, a multiple of 16 within the budget, from a chunk of their own or a new one. */
void *arena_raw_more(struct arena *arena, size_t bytes);

/* The same as arena_new(), not zeroed. */
static inline void *arena_raw(struct arena *arena, uint64_t count, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t bytes = (count * size + 15) & ~(size_t)15;

	if (count > arena->budget / size || bytes > arena->budget - arena->spent)
		return NULL;
	if (!chunk || bytes > chunk->size - arena->used)
		return arena_raw_more(arena, bytes);
	void *piece = chunk->bytes + arena->used;
	arena->used += bytes;
	arena->spent += bytes;
	return piece;
}

/* A NUL-terminated copy, or NULL. */
const char *arena_text(struct arena *arena, const void *bytes, size_t size);

#endif
