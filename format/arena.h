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

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* the one in use first */
	size_t used;		    /* of the first chunk */
	size_t spent, budget;
};

/* `arena` is all zero but for its budget before first use. */
void arena_free(struct arena *arena);

/* Take everything back; the largest chunk is kept for what comes next. */
void arena_reset(struct arena *arena);

/* `count` objects of `size` bytes, zeroed, aligned to 16. NULL when the budget or the memory is spent. */
void *arena_new(struct arena *arena, uint64_t count, size_t size);

/* The same, not zeroed. */
void *arena_raw(struct arena *arena, uint64_t count, size_t size);

/* A NUL-terminated copy, or NULL. */
const char *arena_text(struct arena *arena, const void *bytes, size_t size);

#endif
