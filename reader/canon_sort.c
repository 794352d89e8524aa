// SPDX-License-Identifier: MIT
/*
 * A table of two places for each hash. What falls out of it is made again when it comes again: a program whose every
 * call is another one shall not fill a table that grows.
 */
#include "reader/canon_sort.h"
#include "reader/map.h"

#include <stdlib.h>

/* Pairs of places; 256 KiB. */
#define RECENT_BITS 14u

static bool is_equal(const struct canon_sort *a, const struct canon_sort *b)
{
	return a && a->key == b->key && a->content == b->content && a->objects[0] == b->objects[0] &&
	       a->objects[1] == b->objects[1] && a->thread == b->thread && a->call == b->call && a->error == b->error;
}

const struct canon_sort *canon_sort_find(struct canon_sorts *sorts, struct arena *arena,
					 const struct canon_sort *wanted)
{
	if (!sorts->recent)
		sorts->recent = calloc(2ull << RECENT_BITS, sizeof(*sorts->recent));
	if (!sorts->recent)
		return NULL;
	uint64_t objects = (uint64_t)wanted->objects[0] << 32 | wanted->objects[1];
	uint64_t hash = map_mix(wanted->key + wanted->content * 3 + objects * 5 + wanted->thread);
	const struct canon_sort **pair = &sorts->recent[2 * (hash >> (64 - RECENT_BITS))];
	if (is_equal(pair[0], wanted))
		return pair[0];
	if (is_equal(pair[1], wanted)) {
		const struct canon_sort *found = pair[1];
		pair[1] = pair[0];
		return pair[0] = found;
	}
	struct canon_sort *made = arena_raw(arena, 1, sizeof(*made));
	if (!made)
		return NULL;
	*made = *wanted;
	pair[1] = pair[0];
	return pair[0] = made;
}

void canon_sorts_free(struct canon_sorts *sorts)
{
	free(sorts->recent);
}
