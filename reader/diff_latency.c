// SPDX-License-Identifier: MIT
/*
 * The times of calls on each sort of object, gathered over the runs of a side; a test for each, and a correction for
 * there being many.
 */
#include "reader/diff_latency.h"
#include "reader/map.h"
#include "reader/rank_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sorts of calls that are looked at. */
#define KEYS_MAX CALL_TIMES_MAX

enum { MEDIAN, P90, P99, QUANTILES };
static const double shares[QUANTILES] = {0.5, 0.9, 0.99};
static const char *const quantile_names[QUANTILES] = {"median", "90 %", "99 %"};

struct latency_key {
	const char *call, *object; /* the sort of object; "": none */
	bool waits;
	struct histogram *sides[SIDES];	       /* of all runs */
	double (*quantiles[SIDES])[QUANTILES]; /* by run, ns; less than 0: no such call in it */
};

/* One quantile of one sort of call. */
struct latency_test {
	uint32_t key;
	unsigned quantile;
};

struct latencies {
	struct latency_key *keys;
	uint32_t count;
	struct map index; /* to place + 1 */
	uint32_t runs[SIDES];
	struct latency_test tests[2 * KEYS_MAX];
	double chances[2 * KEYS_MAX];
	bool believed[2 * KEYS_MAX];
	uint32_t tests_count;
};

/* ---- gathering ------------------------------------------------------------------------------------------------ */

static struct latency_key *find_key(struct latencies *latencies, const struct call_spec *call, const char *object)
{
	uint64_t hash = map_hash(map_hash(0, call->name, strlen(call->name)), object, strlen(object));
	uintptr_t found = (uintptr_t)map_get(&latencies->index, hash);

	if (found)
		return &latencies->keys[found - 1];
	if (latencies->count == KEYS_MAX)
		return NULL;
	struct latency_key *added = &latencies->keys[latencies->count++];
	*added = (struct latency_key){.call = call->name, .object = object, .waits = call->waits};
	for (unsigned side = 0; side < SIDES; side++) {
		added->sides[side] = calloc(1, sizeof(struct histogram));
		added->quantiles[side] = malloc(latencies->runs[side] * sizeof(*added->quantiles[side]));
		if (!added->sides[side] || !added->quantiles[side] ||
		    map_put(&latencies->index, hash, (void *)(uintptr_t)latencies->count))
			return NULL;
		for (uint32_t i = 0; i < latencies->runs[side]; i++)
			added->quantiles[side][i][MEDIAN] = -1;
	}
	return added;
}

static int add_run(struct latencies *latencies, unsigned side, uint32_t number, const struct run *run)
{
	const struct call_times *times = &run->canon.times;

	for (uint32_t i = 0; i < times->count; i++) {
		const struct call_time *row = &times->rows[i];
		struct latency_key *key =
			find_key(latencies, &run->canon.catalogue->calls[row->call], times->sorts[row->sort]);
		if (!key)
			return latencies->count == KEYS_MAX ? 0 : -ENOMEM;
		for (unsigned q = 0; q < QUANTILES; q++)
			key->quantiles[side][number][q] = (double)histogram_quantile(row->spans, shares[q]);
		histogram_merge(key->sides[side], row->spans);
	}
	return 0;
}

/* ---- testing -------------------------------------------------------------------------------------------------- */

static bool has_several(const struct latencies *latencies)
{
	return latencies->runs[SIDE_OLD] > 1 && latencies->runs[SIDE_NEW] > 1;
}

/* The chance that the runs, one number each, look so different by chance. */
static double test_runs(const struct latencies *latencies, const struct latency_key *key, unsigned quantile)
{
	double numbers[SIDES][RANK_RUNS_MAX];
	uint32_t counts[SIDES] = {0, 0};

	for (unsigned side = 0; side < SIDES; side++)
		for (uint32_t i = 0; i < latencies->runs[side] && i < RANK_RUNS_MAX; i++)
			if (key->quantiles[side][i][MEDIAN] >= 0)
				numbers[side][counts[side]++] = key->quantiles[side][i][quantile];
	return rank_test(numbers[0], counts[0], numbers[1], counts[1]);
}

/* The highest quantile that enough calls of a side are beyond. */
static unsigned highest_quantile(const struct latency_key *key)
{
	uint64_t least = key->sides[0]->count < key->sides[1]->count ? key->sides[0]->count : key->sides[1]->count;
	unsigned highest = QUANTILES - 1;

	while (highest > MEDIAN && (double)least * (1 - shares[highest]) < SHIFT_BEYOND_MIN)
		highest--;
	return highest;
}

/* What is tested: the middle and the tail of all calls that are frequent and long enough to shift at all. */
static void choose_tests(struct latencies *latencies)
{
	for (uint32_t i = 0; i < latencies->count; i++) {
		const struct latency_key *key = &latencies->keys[i];
		unsigned highest = highest_quantile(key);
		if (key->sides[0]->count < SHIFT_CALLS_MIN || key->sides[1]->count < SHIFT_CALLS_MIN)
			continue;
		if (key->sides[0]->max < SHIFT_NS && key->sides[1]->max < SHIFT_NS)
			continue;
		for (unsigned quantile = MEDIAN; quantile <= highest; quantile += highest > MEDIAN ? highest : 1)
			latencies->tests[latencies->tests_count++] = (struct latency_test){i, quantile};
	}
}

static int run_tests(struct latencies *latencies)
{
	for (uint32_t i = 0; i < latencies->tests_count; i++) {
		const struct latency_test *test = &latencies->tests[i];
		const struct latency_key *key = &latencies->keys[test->key];
		latencies->chances[i] = has_several(latencies) ? test_runs(latencies, key, test->quantile)
							       : rank_test_many(key->sides[0], key->sides[1]);
	}
	return rank_believe(latencies->chances, latencies->tests_count, SHIFT_RATE, latencies->believed);
}

/* How many runs a side can prove one shift among so many; 0 when there are enough. */
static uint32_t count_needed(const struct latencies *latencies)
{
	double limit = SHIFT_RATE / (latencies->tests_count ? latencies->tests_count : 1);
	uint32_t needed = RANK_RUNS_MIN;

	if (latencies->runs[0] + latencies->runs[1] <= 2 ||
	    (has_several(latencies) && rank_test_least(latencies->runs[0], latencies->runs[1]) <= limit))
		return 0;
	while (needed < RANK_RUNS_MAX && rank_test_least(needed, needed) > limit)
		needed++;
	return needed;
}

/* ---- telling -------------------------------------------------------------------------------------------------- */

static int add_shift(struct differences *differences, const struct latency_key *key, unsigned quantile, double old,
		     double new, double effect)
{
	struct difference *added = difference_add(differences);
	int rc = 0;

	if (!added)
		return -ENOMEM;
	added->class = key->waits ? CLASS_WAIT : CLASS_LATENCY;
	added->call = strdup(key->call);
	added->object = *key->object ? strdup(key->object) : NULL;
	added->field = strdup(quantile_names[quantile]);
	added->order = (uint64_t)(old / new * 1e6);
	rc |= asprintf(&added->old, "%.1f us", old / 1000) < 0;
	rc |= asprintf(&added->new, "%.1f us", new / 1000) < 0;
	rc |= asprintf(&added->explanation, "longer with a chance of %.0f %%, %llu calls against %llu", effect * 100,
		       (unsigned long long)key->sides[0]->count, (unsigned long long)key->sides[1]->count) < 0;
	return rc || !added->call || !added->field ? -ENOMEM : 0;
}

/* Of each sort of call, the first of its quantiles that has shifted. */
static int tell_shifts(struct differences *differences, const struct latencies *latencies)
{
	uint32_t told = UINT32_MAX;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < latencies->tests_count; i++) {
		const struct latency_test *test = &latencies->tests[i];
		const struct latency_key *key = &latencies->keys[test->key];
		double old = (double)histogram_quantile(key->sides[0], shares[test->quantile]);
		double new = (double)histogram_quantile(key->sides[1], shares[test->quantile]);
		double least = old * SHIFT_SHARE > SHIFT_NS ? old * SHIFT_SHARE : SHIFT_NS;
		double effect = rank_effect(key->sides[0], key->sides[1]);
		if (!latencies->believed[i] || told == test->key || new - old < least || effect < 0.5 + SHIFT_EFFECT)
			continue;
		told = test->key;
		rc = add_shift(differences, key, test->quantile, old, new, effect);
	}
	return rc;
}

int latency_compare(struct differences *differences, struct run *const *old, uint32_t old_count, struct run *const *new,
		    uint32_t new_count, uint32_t *runs_needed)
{
	struct latencies *latencies = calloc(1, sizeof(*latencies));
	int rc = 0;

	if (latencies)
		latencies->keys = calloc(KEYS_MAX, sizeof(struct latency_key));
	if (!latencies || !latencies->keys) {
		free(latencies);
		return -ENOMEM;
	}
	latencies->runs[SIDE_OLD] = old_count;
	latencies->runs[SIDE_NEW] = new_count;
	for (uint32_t i = 0; !rc && i < old_count; i++)
		rc = add_run(latencies, SIDE_OLD, i, old[i]);
	for (uint32_t i = 0; !rc && i < new_count; i++)
		rc = add_run(latencies, SIDE_NEW, i, new[i]);
	choose_tests(latencies);
	if (!rc)
		rc = run_tests(latencies);
	if (!rc)
		rc = tell_shifts(differences, latencies);
	*runs_needed = count_needed(latencies);
	for (uint32_t i = 0; i < latencies->count; i++) {
		for (unsigned side = 0; side < SIDES; side++) {
			free(latencies->keys[i].sides[side]);
			free(latencies->keys[i].quantiles[side]);
		}
	}
	map_clear(&latencies->index);
	free(latencies->keys);
	free(latencies);
	return rc;
}
