// SPDX-License-Identifier: MIT
/*
 * A table of two places for each hash. What falls out of it is made again when it comes again: a program whose every
 * call is another one shall not fill a table that grows.
 */
#include "reader/canon_sort.h"
#include "reader/map.h"

#include <stdlib.h>

/* Pairs of places; 256 KiB. */
#define PAIR_BITS 13u

/* With its hash, so that others need not be looked at: they are all over the memory. */
struct canon_sort_place {
	uint64_t hash;
	const struct canon_sort *sort; /* NULL: there is none */
};

static bool is_equal(const struct canon_sort *a, const struct canon_sort *b)
{
	return a->key == b->key && a->content == b->content && a->objects[0] == b->objects[0] &&
	       a->objects[1] == b->objects[1] && a->thread == b->thread && a->call == b->call && a->error == b->error;
}

static bool is_here(const struct canon_sort_place *place, uint64_t hash, const struct canon_sort *wanted)
{
	return place->hash == hash && place->sort && is_equal(place->sort, wanted);
}

static uint64_t hash_sort(const struct canon_sort *sort)
{
	uint64_t objects = (uint64_t)sort->objects[0] << 32 | sort->objects[1];

	return map_mix(sort->key + sort->content * 3 + objects * 5 + sort->thread);
}

const struct canon_sort *canon_sort_find(struct canon_sorts *sorts, struct arena *arena,
					 const struct canon_sort *wanted)
{
	uint64_t hash = hash_sort(wanted);

	if (!sorts->places)
		sorts->places = calloc(2ull << PAIR_BITS, sizeof(*sorts->places));
	if (!sorts->places)
		return NULL;
	struct canon_sort_place *pair = &sorts->places[2 * (hash >> (64 - PAIR_BITS))];
	if (is_here(&pair[0], hash, wanted))
		return pair[0].sort;
	struct canon_sort_place found = pair[1];
	if (!is_here(&found, hash, wanted)) {
		struct canon_sort *made = arena_raw(arena, 1, sizeof(*made));
		if (!made)
			return NULL;
		*made = *wanted;
		found = (struct canon_sort_place){hash, made};
	}
	pair[1] = pair[0];
	pair[0] = found;
	return found.sort;
}

void canon_sorts_free(struct canon_sorts *sorts)
{
	free(sorts->places);
}
