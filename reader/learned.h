// SPDX-License-Identifier: MIT
/*
 * What varies between runs that are all good, as rules (reader/diff_rule.h): learned from comparisons of one of them
 * with the others, with what is drawn by lot in each. Another errno, a leak and a broken order are never learned.
 */
#ifndef IPCTRACE_READER_LEARNED_H
#define IPCTRACE_READER_LEARNED_H

#include "reader/verdict.h"

struct learned_row {
	enum difference_class class;
	char *call, *object, *field;
	char **values; /* distinct new values seen, at most VALUES_MAX + 1 */
	uint32_t values_count;
	uint32_t runs;	/* in which it was seen */
	uint32_t times; /* the most in one */
	uint32_t least_times;
	bool is_numeric;
	double least, most;
};

#define VALUES_MAX 8u

struct learned {
	struct learned_row *rows;
	uint32_t count, room;
	uint32_t runs;
	uint32_t refused; /* differences that are never learned */
};

bool class_is_learned(enum difference_class class);

/* Adds what `comparison`, of the reference with another good run, found. `all`: also what is never learned. */
int learned_add(struct learned *learned, const struct comparison *comparison, bool all);

/*
 * One run against one cannot tell what was drawn by lot from a binary word that has changed. Several can: what looks
 * drawn, and is in none of the rules that were learned, was the same in all of these runs, and is a change.
 */
void learned_doubt(struct differences *differences, struct diff_rules *rules);

/* Writes the rules, a line each. */
void learned_print(const struct learned *learned, const char *remark, struct text *out);
void learned_free(struct learned *learned);

#endif
