// SPDX-License-Identifier: MIT
/*
 * How long the calls of a run took, by call and by the sort of thing that they were about. Judges nothing.
 */
#ifndef IPCTRACE_READER_CALL_TIME_H
#define IPCTRACE_READER_CALL_TIME_H

#include "reader/histogram.h"

#include <stdbool.h>

/* Sorts of things that are told apart, and of calls; each of the latter takes some 30 KB. */
#define CALL_SORTS_MAX 64u
#define CALL_TIMES_MAX 512u

struct call_time {
	uint16_t call, sort;
	struct histogram *spans; /* ns */
};

/* All zero but for `calls` is an empty one. */
struct call_times {
	uint32_t calls;	 /* of the catalogue */
	uint16_t *index; /* by call and sort: the row + 1 */
	struct call_time rows[CALL_TIMES_MAX];
	char *sorts[CALL_SORTS_MAX]; /* "tcp-client"; the first is "": none */
	uint32_t count, sorts_count;
	struct {
		const char *role;
		uint32_t sort;
	} recent[CALL_SORTS_MAX];
};

/*
 * Where to add the times, in ns, of calls of number `call` on things of sort `role` (NULL: on nothing): *spans, which
 * lives as long as `times`. NULL beyond the bounds above. 0 or -ENOMEM.
 */
int call_times_find(struct call_times *times, uint32_t call, const char *role, struct histogram **spans);
void call_times_free(struct call_times *times);

#endif
