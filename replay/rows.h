// SPDX-License-Identifier: MIT
/*
 * An array that grows. Out of memory is remembered and checked once by whoever uses it; until then rows go nowhere.
 */
#ifndef IPCTRACE_REPLAY_ROWS_H
#define IPCTRACE_REPLAY_ROWS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct rows {
	void *at;
	uint32_t count, room;
	bool failed;
};

/* The address of a new row of `size` zero bytes, or NULL. Earlier rows may move. */
static inline void *rows_add(struct rows *rows, size_t size)
{
	if (rows->count == rows->room) {
		uint32_t room = rows->room ? rows->room * 2 : 64;
		void *at = rows->room < UINT32_MAX / 2 ? realloc(rows->at, room * size) : NULL;
		if (!at) {
			rows->failed = true;
			return NULL;
		}
		rows->at = at;
		rows->room = room;
	}
	return memset((char *)rows->at + size * rows->count++, 0, size);
}

static inline void rows_free(struct rows *rows)
{
	free(rows->at);
	*rows = (struct rows){0};
}

#define ROWS(rows, type) ((type *)(rows).at)

#endif
