// SPDX-License-Identifier: MIT
/*
 * A map from 64-bit numbers to pointers, by open addressing. It owns neither; NULL stands for "absent".
 */
#ifndef IPCTRACE_READER_MAP_H
#define IPCTRACE_READER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	void *value; /* NULL: the slot is free */
	bool flag;   /* whatever the user of the map keeps with a value */
};

/* All zero is an empty map. */
struct map {
	struct map_slot *slots;
	uint32_t mask; /* slots - 1; a power of two */
	uint32_t count;
};

/* Where the search for `key` begins: the middle bits of a product, to which every bit of the key below contributes. */
static inline uint32_t map_place(const struct map *map, uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 32) & map->mask;
}

/* A good 64-bit mixture of `value`. */
static inline uint64_t map_mix(uint64_t value)
{
	value ^= value >> 32;
	value *= 0x9e3779b97f4a7c15ull;
	value ^= value >> 29;
	value *= 0xbf58476d1ce4e5b9ull;
	return value ^ value >> 32;
}

/* A hash of `size` bytes, continuing from `hash`. */
uint64_t map_hash(uint64_t hash, const void *bytes, size_t size);

static inline struct map_slot *map_slot(const struct map *map, uint64_t key)
{
	if (!map->slots)
		return NULL;
	for (uint32_t i = map_place(map, key); map->slots[i].value; i = (i + 1) & map->mask)
		if (map->slots[i].key == key)
			return &map->slots[i];
	return NULL;
}

static inline void *map_get(const struct map *map, uint64_t key)
{
	struct map_slot *slot = map_slot(map, key);

	return slot ? slot->value : NULL;
}

/* Put `value`, not NULL, in the place of what was there. 0 or -ENOMEM. */
int map_put(struct map *map, uint64_t key, void *value);

/* Take `key` out and return its value, or NULL. */
void *map_take(struct map *map, uint64_t key);

/* Make *copy, which is overwritten, a map of its own with the same content. 0 or -ENOMEM. */
int map_copy(struct map *copy, const struct map *map);

/* Free what the map holds itself; it is empty afterwards. */
void map_clear(struct map *map);

/* The next used slot after `slot` (NULL: the first), or NULL. The map must not change meanwhile. */
struct map_slot *map_next(const struct map *map, const struct map_slot *slot);

#endif
