// SPDX-License-Identifier: MIT
/*
 * What a comparison amounts to: which differences count, and the status to exit with.
 */
#ifndef IPCTRACE_READER_VERDICT_H
#define IPCTRACE_READER_VERDICT_H

#include "reader/comparison.h"
#include "reader/diff_rule.h"

enum verdict_status {
	VERDICT_SAME = 0,
	VERDICT_DIFFERENT = 1,
	VERDICT_TROUBLE = 2,
	VERDICT_SLOWER = 3,
	VERDICT_INCOMPLETE = 4,
};

struct verdict {
	enum verdict_status status;
	uint64_t differences; /* edits that count */
	uint32_t groups;      /* differences[] that count */
	uint64_t ignored;     /* edits that rules took out */
	uint64_t random;
	uint64_t slower; /* latency and wait shifts */
	bool is_slower_failure;
	uint32_t first;	 /* of the comparison's differences that which counts and comes first in time; UINT32_MAX: none */
	bool *counts;	 /* for each of the comparison's differences; owned */
};

/* `fail_on` has a bit for each class that counts. 0 or -ENOMEM; free with free(verdict->counts). */
int verdict_make(struct verdict *verdict, const struct comparison *comparison, struct diff_rules *rules,
		 uint32_t fail_on, bool latency_fails);

/* Whether the difference at `index` keeps the comparison from being green. */
bool verdict_fails(const struct verdict *verdict, const struct comparison *comparison, uint32_t index);

/* "high", "medium", "low" or "none". */
const char *class_severity(enum difference_class class);

#endif
