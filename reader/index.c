// SPDX-License-Identifier: MIT
/*
 * A hash table with open addressing and linear probing; nothing is ever removed.
 */
#include "reader/index.h"

#include <errno.h>
#include <stdlib.h>

static size_t place_of(uint64_t a, uint64_t b)
{
	uint64_t hash = (a ^ (b * 0x9e3779b97f4a7c15ull)) * 0xbf58476d1ce4e5b9ull;

	return hash ^ hash >> 31;
}

static struct index_row *find_row(const struct index *index, uint64_t a, uint64_t b)
{
	size_t place = place_of(a, b);

	for (;; place++) {
		struct index_row *row = &index->rows[place & (index->capacity - 1)];
		if (row->value == INDEX_NONE || (row->a == a && row->b == b))
			return row;
	}
}

static int grow(struct index *index)
{
	struct index wider = {.capacity = index->capacity ? 2 * index->capacity : 64};

	wider.rows = malloc(wider.capacity * sizeof(*wider.rows));
	if (!wider.rows)
		return -ENOMEM;
	for (size_t i = 0; i < wider.capacity; i++)
		wider.rows[i].value = INDEX_NONE;
	for (size_t i = 0; i < index->capacity; i++)
		if (index->rows[i].value != INDEX_NONE)
			*find_row(&wider, index->rows[i].a, index->rows[i].b) = index->rows[i];
	wider.count = index->count;
	free(index->rows);
	*index = wider;
	return 0;
}

int index_set(struct index *index, uint64_t a, uint64_t b, uint32_t value)
{
	struct index_row *row;

	if (2 * (index->count + 1) > index->capacity && grow(index))
		return -ENOMEM;
	row = find_row(index, a, b);
	index->count += row->value == INDEX_NONE;
	*row = (struct index_row){a, b, value};
	return 0;
}

uint32_t index_get(const struct index *index, uint64_t a, uint64_t b)
{
	return index->capacity ? find_row(index, a, b)->value : INDEX_NONE;
}

void index_free(struct index *index)
{
	free(index->rows);
	*index = (struct index){0};
}
