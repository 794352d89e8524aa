// SPDX-License-Identifier: MIT
/*
 * A histogram for each call on each sort of thing, found by two small numbers.
 */
#include "reader/call_time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The number of a sort; CALL_SORTS_MAX when there are too many. -ENOMEM as UINT32_MAX. */
static uint32_t find_sort(struct call_times *times, const char *role)
{
	/* Texts are mostly constants; one that is not may have been replaced by another at its place. */
	unsigned slot = ((uintptr_t)role >> 3) % CALL_SORTS_MAX;
	uint32_t sort = times->recent[slot].sort;

	if (times->recent[slot].role == role && !strcmp(times->sorts[sort], role))
		return sort;
	for (sort = 0; sort < times->sorts_count; sort++)
		if (!strcmp(times->sorts[sort], role))
			break;
	if (sort == CALL_SORTS_MAX)
		return sort;
	if (sort == times->sorts_count) {
		times->sorts[sort] = strdup(role);
		if (!times->sorts[sort])
			return UINT32_MAX;
		times->sorts_count++;
	}
	times->recent[slot].role = role;
	times->recent[slot].sort = sort;
	return sort;
}

static int add_row(struct call_times *times, uint32_t call, uint32_t sort)
{
	struct call_time *row = &times->rows[times->count];

	*row = (struct call_time){(uint16_t)call, (uint16_t)sort, calloc(1, sizeof(*row->spans))};
	if (!row->spans)
		return -ENOMEM;
	times->index[call * CALL_SORTS_MAX + sort] = (uint16_t)++times->count;
	return 0;
}

int call_times_find(struct call_times *times, uint32_t call, const char *role, struct histogram **spans)
{
	*spans = NULL;
	if (!times->index) {
		times->index = calloc((times->calls + 1ull) * CALL_SORTS_MAX, sizeof(*times->index));
		if (!times->index)
			return -ENOMEM;
	}
	uint32_t sort = find_sort(times, role ? role : "");
	if (sort == UINT32_MAX)
		return -ENOMEM;
	if (sort == CALL_SORTS_MAX || call >= times->calls)
		return 0;
	const uint16_t *place = &times->index[call * CALL_SORTS_MAX + sort];
	if (!*place && (times->count == CALL_TIMES_MAX || add_row(times, call, sort)))
		return times->count == CALL_TIMES_MAX ? 0 : -ENOMEM;
	*spans = times->rows[*place - 1].spans;
	return 0;
}

void call_times_free(struct call_times *times)
{
	for (uint32_t i = 0; i < times->count; i++)
		free(times->rows[i].spans);
	for (uint32_t i = 0; i < times->sorts_count; i++)
		free(times->sorts[i]);
	free(times->index);
	*times = (struct call_times){0};
}
