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
	if (class <= CLASS_REORDERED_CAUSAL || class == CLASS_INCOMPLETE)
		return "high";
	if (class <= CLASS_COUNT)
		return "medium";
	return class == CLASS_RANDOM ? "none" : "low";
}

bool verdict_fails(const struct verdict *verdict, const struct comparison *comparison, uint32_t index)
{
	return verdict->counts[index] &&
	       (!is_time(comparison->differences.rows[index].class) || verdict->is_slower_failure);
}

static void count_one(struct verdict *verdict, const struct difference *difference, bool *counts,
		      struct diff_rules *rules, uint32_t fail_on)
{
	struct diff_rule *rule = diff_rules_find(rules, difference);

	if (difference->class == CLASS_INCOMPLETE) {
		*counts = true; /* whatever the rules say: it is never green */
	} else if (difference->class == CLASS_RANDOM && !(fail_on >> CLASS_RANDOM & 1)) {
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

/* Nothing that differs comes before it. */
static uint32_t find_first(const struct differences *differences, const bool *counts)
{
	uint32_t first = UINT32_MAX;

	for (uint32_t i = 0; i < differences->count; i++) {
		const struct difference *row = &differences->rows[i];
		if (!counts[i] || row->edit == CANON_NONE)
			continue;
		if (first == UINT32_MAX || row->order < differences->rows[first].order)
			first = i;
	}
	return first;
}

int verdict_make(struct verdict *verdict, const struct comparison *comparison, struct diff_rules *rules,
		 uint32_t fail_on, bool latency_fails)
{
	const struct differences *differences = &comparison->differences;
	const uint64_t *unaligned = comparison->edits.unaligned;

	*verdict = (struct verdict){.is_slower_failure = latency_fails,
				    .counts = calloc(differences->count + 1ull, sizeof(bool))};
	if (!verdict->counts)
		return -ENOMEM;
	for (uint32_t i = 0; i < differences->count; i++)
		count_one(verdict, &differences->rows[i], &verdict->counts[i], rules, fail_on);
	verdict->first = find_first(differences, verdict->counts);
	if (comparison->is_incomplete || unaligned[SIDE_OLD] || unaligned[SIDE_NEW])
		verdict->status = VERDICT_INCOMPLETE;
	else if (verdict->differences)
		verdict->status = VERDICT_DIFFERENT;
	else if (verdict->slower && latency_fails)
		verdict->status = VERDICT_SLOWER;
	return 0;
}
