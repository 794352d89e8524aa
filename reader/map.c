// SPDX-License-Identifier: MIT
/*
 * Open addressing with linear probing; taking out shifts what follows back, so that no tombstones gather in tables
 * whose keys come and go all the time, such as descriptors.
 */
#include "reader/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 8u

uint64_t map_hash(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;

	for (; size >= 8; size -= 8, byte += 8) {
		uint64_t word;
		memcpy(&word, byte, 8);
		hash = map_mix(hash ^ word) + 0x9e3779b97f4a7c15ull;
	}
	uint64_t rest = size;
	for (size_t i = 0; i < size; i++)
		rest = rest << 8 | byte[i];
	return map_mix(hash ^ rest);
}

static void place(struct map *map, const struct map_slot *from)
{
	uint32_t i = map_place(map, from->key);

	while (map->slots[i].value)
		i = (i + 1) & map->mask;
	map->slots[i] = *from;
}

static int grow(struct map *map)
{
	struct map wider = {.mask = map->slots ? map->mask * 2 + 1 : SLOTS_MIN - 1, .count = map->count};

	wider.slots = calloc((size_t)wider.mask + 1, sizeof(*wider.slots));
	if (!wider.slots)
		return -ENOMEM;
	for (struct map_slot *slot = map_next(map, NULL); slot; slot = map_next(map, slot))
		place(&wider, slot);
	free(map->slots);
	*map = wider;
	return 0;
}

int map_put(struct map *map, uint64_t key, void *value)
{
	struct map_slot *slot = map_slot(map, key);

	if (slot) {
		slot->value = value;
		slot->flag = false;
		return 0;
	}
	if (!map->slots || map->count >= (map->mask + 1) / 4 * 3) {
		int error = grow(map);
		if (error)
			return error;
	}
	place(map, &(struct map_slot){.key = key, .value = value});
	map->count++;
	return 0;
}

void *map_take(struct map *map, uint64_t key)
{
	struct map_slot *slot = map_slot(map, key);
	if (!slot)
		return NULL;

	void *value = slot->value;
	uint32_t hole = (uint32_t)(slot - map->slots);
	for (uint32_t i = (hole + 1) & map->mask; map->slots[i].value; i = (i + 1) & map->mask) {
		uint32_t home = map_place(map, map->slots[i].key);
		if (((i - home) & map->mask) < ((i - hole) & map->mask))
			continue;
		map->slots[hole] = map->slots[i];
		hole = i;
	}
	map->slots[hole].value = NULL;
	map->count--;
	return value;
}

int map_copy(struct map *copy, const struct map *map)
{
	*copy = *map;
	if (!map->slots)
		return 0;
	copy->slots = malloc(((size_t)map->mask + 1) * sizeof(*copy->slots));
	if (!copy->slots)
		return -ENOMEM;
	memcpy(copy->slots, map->slots, ((size_t)map->mask + 1) * sizeof(*copy->slots));
	return 0;
}

void map_clear(struct map *map)
{
	free(map->slots);
	*map = (struct map){0};
}

struct map_slot *map_next(const struct map *map, const struct map_slot *slot)
{
	if (!map->slots)
		return NULL;
	for (uint32_t i = slot ? (uint32_t)(slot - map->slots) + 1 : 0; i <= map->mask; i++)
		if (map->slots[i].value)
			return &map->slots[i];
	return NULL;
}
