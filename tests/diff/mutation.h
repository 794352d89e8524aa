// SPDX-License-Identifier: MIT
/*
 * Changes to a log whose meaning is known: some that a comparison must find, some that it must not.
 *
 * A change is a row of a table; which calls it may be done to is decided by what the catalogue says about them. Every
 * change is drawn from a seed and told in one line, so that a judge knows what there is to find.
 */
#ifndef IPCTRACE_TESTS_DIFF_MUTATION_H
#define IPCTRACE_TESTS_DIFF_MUTATION_H

#include <stdint.h>
#include <stdio.h>

#include "tests/diff/draft.h"

/* Something that was done to one call, or, without an event, to the whole log. */
struct change {
	const struct draft_event *event;
	bool is_gone;	   /* it is not in the log any more */
	const char *field; /* what of it */
	char was[96], is[96];
};

struct mutate {
	struct draft *draft;
	uint64_t random;
	uint32_t count; /* how many changes to make, for those that are made to calls */
	struct change *changes;
	size_t changes_count, changes_room;
};

struct mutation {
	const char *name;
	bool is_noise; /* no difference in behaviour */
	const char *about;
	void (*apply)(struct mutate *mutate);
};

extern const struct mutation mutations[];
extern const size_t mutations_count;

/* The row of that name, or NULL. */
const struct mutation *mutation_find(const char *name);

/* Changes the draft `count` times, or as often as there is something that fits; notes what was done. */
void mutate_apply(struct mutate *mutate, const struct mutation *mutation);

/* One line of JSON for every change; the draft must have been written, so that calls have their numbers. */
void mutate_report(const struct mutate *mutate, const struct mutation *mutation, FILE *out);

void mutate_free(struct mutate *mutate);

#endif
