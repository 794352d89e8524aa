// SPDX-License-Identifier: MIT
/*
 * Counting what counts.
 */
#include "reader/verdict.h"

#include <errno.h>
#include <stdlib.h>

static bool is_time(enum difference_class class)
{
	return class == CLASS_LATENCY || class == CLASS_WAIT;
}

const char *class_severity(enum difference_class class)
{
	if (class <= CLASS_REORDERED_CAUSAL)
		return "high";
	if (class <= CLASS_COUNT)
		return "medium";
	return class == CLASS_RANDOM ? "none" : "low";
}

static void count_one(struct verdict *verdict, const struct difference *difference, bool *counts,
		      struct diff_rules *rules, uint32_t fail_on)
{
	struct diff_rule *rule = diff_rules_find(rules, difference);

	if (difference->class == CLASS_RANDOM) {
		verdict->random += difference->count;
	} else if (rule) {
		rule->used += difference->count;
		verdict->ignored += difference->count;
	} else if (is_time(difference->class)) {
		verdict->slower += difference->count;
		*counts = true;
	} else if (fail_on >> difference->class & 1) {
		verdict->differences += difference->count;
		verdict->groups++;
		*counts = true;
	}
}

int verdict_make(struct verdict *verdict, const struct comparison *comparison, struct diff_rules *rules,
		 uint32_t fail_on, bool latency_fails)
{
	const struct differences *differences = &comparison->differences;
	const uint64_t *unaligned = comparison->edits.unaligned;

	*verdict = (struct verdict){.counts = calloc(differences->count + 1ull, sizeof(bool))};
	if (!verdict->counts)
		return -ENOMEM;
	for (uint32_t i = 0; i < differences->count; i++)
		count_one(verdict, &differences->rows[i], &verdict->counts[i], rules, fail_on);
	if (comparison->is_incomplete || unaligned[SIDE_OLD] || unaligned[SIDE_NEW])
		verdict->status = VERDICT_INCOMPLETE;
	else if (verdict->differences)
		verdict->status = VERDICT_DIFFERENT;
	else if (verdict->slower && latency_fails)
		verdict->status = VERDICT_SLOWER;
	return 0;
}
