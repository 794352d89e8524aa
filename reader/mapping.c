// SPDX-License-Identifier: MIT
/*
 * A sorted array: programs have hundreds of mappings, the kernel allows 65,530, and look-ups outnumber changes.
 */
#include "reader/mapping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Twice what the kernel allows, so that a log that claims more cannot make every change slow. */
#define RANGES_MAX 131072u

struct mapping_table *mapping_table_new(void (*retain)(struct object *), void (*release)(struct object *))
{
	struct mapping_table *table = calloc(1, sizeof(*table));

	if (table) {
		table->sharers = 1;
		table->retain = retain;
		table->release = release;
	}
	return table;
}

void mapping_table_drop(struct mapping_table *table)
{
	if (!table || --table->sharers)
		return;
	for (uint32_t i = 0; i < table->count; i++)
		table->release(table->ranges[i].object);
	free(table->ranges);
	free(table);
}

static int reserve(struct mapping_table *table, uint32_t more)
{
	if (table->count + more <= table->capacity)
		return 0;
	uint32_t capacity = table->capacity < 8 ? 16 : table->capacity * 2;
	struct mapping_range *ranges = realloc(table->ranges, capacity * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	table->ranges = ranges;
	table->capacity = capacity;
	return 0;
}

static int unshare(struct mapping_table **table)
{
	struct mapping_table *old = *table;
	if (old->sharers == 1)
		return 0;

	struct mapping_table *own = mapping_table_new(old->retain, old->release);
	if (!own)
		return -ENOMEM;
	if (old->count) {
		own->ranges = malloc(old->count * sizeof(*own->ranges));
		if (!own->ranges) {
			free(own);
			return -ENOMEM;
		}
		memcpy(own->ranges, old->ranges, old->count * sizeof(*own->ranges));
	}
	own->count = own->capacity = old->count;
	for (uint32_t i = 0; i < own->count; i++)
		own->retain(own->ranges[i].object);
	old->sharers--;
	*table = own;
	return 0;
}

/* Index of the first range that ends after `address`. */
static uint32_t find_index(const struct mapping_table *table, uint64_t address)
{
	uint32_t low = 0, high = table->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (table->ranges[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void insert(struct mapping_table *table, uint32_t at, struct mapping_range range)
{
	memmove(&table->ranges[at + 1], &table->ranges[at], (table->count - at) * sizeof(range));
	table->ranges[at] = range;
	table->count++;
	table->retain(range.object);
}

static uint64_t range_end(uint64_t start, uint64_t length)
{
	return length > UINT64_MAX - start ? UINT64_MAX : start + length;
}

/* Clears [start, end); there is room for one more range. Returns the index where a range at `start` belongs. */
static uint32_t clear(struct mapping_table *table, uint64_t start, uint64_t end)
{
	uint32_t at = find_index(table, start);

	if (at < table->count && table->ranges[at].start < start) {
		struct mapping_range *range = &table->ranges[at++];
		if (range->end > end) {
			struct mapping_range rest = *range;
			rest.offset += end - rest.start;
			rest.start = end;
			range->end = start;
			insert(table, at, rest);
			return at;
		}
		range->end = start;
	}
	uint32_t last = at;
	for (; last < table->count && table->ranges[last].end <= end; last++)
		table->release(table->ranges[last].object);
	if (last < table->count && table->ranges[last].start < end) {
		table->ranges[last].offset += end - table->ranges[last].start;
		table->ranges[last].start = end;
	}
	memmove(&table->ranges[at], &table->ranges[last], (table->count - last) * sizeof(*table->ranges));
	table->count -= last - at;
	return at;
}

int mapping_add(struct mapping_table **table, uint64_t start, uint64_t length, struct object *object)
{
	int error = unshare(table);

	if (!error)
		error = reserve(*table, 2);
	if (error || !length || (*table)->count >= RANGES_MAX)
		return error;
	/* What is replaced may be all that keeps the object alive. */
	(*table)->retain(object);
	uint64_t end = range_end(start, length);
	uint32_t at = clear(*table, start, end);
	insert(*table, at, (struct mapping_range){start, end, 0, object});
	(*table)->release(object);
	return 0;
}

int mapping_remove(struct mapping_table **table, uint64_t start, uint64_t length)
{
	int error = unshare(table);

	if (!error)
		error = reserve(*table, 1);
	if (!error && length)
		clear(*table, start, range_end(start, length));
	return error;
}

const struct mapping_range *mapping_find(const struct mapping_table *table, uint64_t address)
{
	uint32_t at = table ? find_index(table, address) : 0;

	return table && at < table->count && table->ranges[at].start <= address ? &table->ranges[at] : NULL;
}
