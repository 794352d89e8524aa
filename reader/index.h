// SPDX-License-Identifier: MIT
/*
 * From a pair of numbers to one number, hashed: pid and tid to a thread, pid and stack hash to a stack.
 */
#ifndef IPCTRACE_READER_INDEX_H
#define IPCTRACE_READER_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index_row {
	uint64_t a, b;
	uint32_t value; /* INDEX_NONE: the row is free */
};

struct index {
	struct index_row *rows;
	size_t count, capacity; /* a power of two */
};

/* Sets the value of (a, b), which must not be INDEX_NONE. 0 or -ENOMEM. */
int index_set(struct index *index, uint64_t a, uint64_t b, uint32_t value);

/* The value of (a, b), or INDEX_NONE. */
uint32_t index_get(const struct index *index, uint64_t a, uint64_t b);

void index_free(struct index *index);

#endif
