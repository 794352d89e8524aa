// SPDX-License-Identifier: MIT
/*
 * Copies into an arena: what a reader keeps of a frame for as long as the trace is open.
 */
#ifndef IPCTRACE_READER_COPY_H
#define IPCTRACE_READER_COPY_H

#include <string.h>

#include "format/arena.h"

/* `count` objects of `size` bytes, copied; some valid pointer when there are none. NULL when out of memory. */
static inline void *copy_array(struct arena *arena, const void *objects, uint64_t count, size_t size)
{
	void *copy = arena_raw(arena, count ? count : 1, size);

	if (copy && count)
		memcpy(copy, objects, count * size);
	return copy;
}

static inline const char *copy_text(struct arena *arena, const char *text)
{
	return arena_text(arena, text, strlen(text));
}

#endif
