// SPDX-License-Identifier: MIT
/*
 * The memory of a process as far as its calls show it: ranges of addresses, sorted, each part of a mapping object.
 *
 * A forked process shares the table until one of them changes it. Objects are kept by the caller's retain and release.
 */
#ifndef IPCTRACE_READER_MAPPING_H
#define IPCTRACE_READER_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "reader/object.h"

struct mapping_range {
	uint64_t start, end; /* end is after the last byte */
	uint64_t offset;     /* of `start` from the mapping's first byte */
	struct object *object;
};

struct mapping_table {
	uint32_t sharers;
	uint32_t count, capacity;
	struct mapping_range *ranges;
	void (*retain)(struct object *object);
	void (*release)(struct object *object);
};

/* An empty table with one sharer, or NULL. */
struct mapping_table *mapping_table_new(void (*retain)(struct object *), void (*release)(struct object *));

/* One sharer less; the last one frees it. NULL is allowed. */
void mapping_table_drop(struct mapping_table *table);

/* Map [start, start + length) to `object`, in the place of what was there. *table is unshared first. 0 or -ENOMEM. */
int mapping_add(struct mapping_table **table, uint64_t start, uint64_t length, struct object *object);

/* Nothing is at [start, start + length) any more; ranges that reach out of it are cut. 0 or -ENOMEM. */
int mapping_remove(struct mapping_table **table, uint64_t start, uint64_t length);

/* The range that holds `address`, or NULL; valid until the table changes. */
const struct mapping_range *mapping_find(const struct mapping_table *table, uint64_t address);

#endif
