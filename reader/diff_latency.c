// SPDX-License-Identifier: MIT
/*
 * A histogram for each call on each sort of object, side and run.
 */
#include "reader/diff_latency.h"
#include "reader/histogram.h"
#include "reader/map.h"
#include "reader/rank_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sorts of calls that are looked at; each takes some 30 KB a run. */
#define KEYS_MAX 512u

enum { MEDIAN, P90, P99, QUANTILES };
static const double shares[QUANTILES] = {0.5, 0.9, 0.99};
static const char *const quantile_names[QUANTILES] = {"median", "90 %", "99 %"};

struct latency_key {
	const char *call;
	char *object; /* the sort of object; NULL: none */
	bool waits;
	struct histogram *sides[SIDES];	       /* of all runs */
	double (*quantiles[SIDES])[QUANTILES]; /* by run, ns; less than 0: no such call in it */
};

struct latencies {
	struct latency_key *keys;
	uint32_t count;
	struct map index; /* to place + 1 */
	uint32_t runs[SIDES];
};

/* What an object is, without which one: "tcp-client". */
static size_t sort_length(const char *name)
{
	return strcspn(name, "# (");
}

static struct latency_key *find_key(struct latencies *latencies, const char *call, const char *object, bool waits)
{
	uint64_t key =
		map_hash(map_hash(0, call, strlen(call)), object ? object : "", object ? sort_length(object) : 0);
	uintptr_t found = (uintptr_t)map_get(&latencies->index, key);

	if (found)
		return &latencies->keys[found - 1];
	if (latencies->count == KEYS_MAX)
		return NULL;
	struct latency_key *added = &latencies->keys[latencies->count++];
	*added = (struct latency_key){
		.call = call, .object = object ? strndup(object, sort_length(object)) : NULL, .waits = waits};
	for (unsigned side = 0; side < SIDES; side++) {
		added->sides[side] = calloc(1, sizeof(struct histogram));
		added->quantiles[side] = malloc(latencies->runs[side] * sizeof(*added->quantiles[side]));
		if (!added->sides[side] || !added->quantiles[side] ||
		    map_put(&latencies->index, key, (void *)(uintptr_t)latencies->count)) {
			latencies->count = KEYS_MAX; /* no more are added */
			return NULL;
		}
		for (uint32_t i = 0; i < latencies->runs[side]; i++)
			added->quantiles[side][i][MEDIAN] = -1;
	}
	return added;
}

static int add_run(struct latencies *latencies, unsigned side, uint32_t number, struct run *run)
{
	struct histogram **own = calloc(KEYS_MAX, sizeof(*own));
	double rate = trace_ticks_per_ns(run->trace);
	int rc = own ? 0 : -ENOMEM;

	for (uint32_t i = 0; !rc && i < run->canon.tokens_count; i++) {
		const struct canon_token *token = &run->canon.tokens[i];
		const struct call_spec *call = &run->canon.catalogue->calls[token->call];
		uint32_t object = token->objects[0];
		struct latency_key *key =
			find_key(latencies, call->name, object == CANON_NONE ? NULL : run->canon.objects[object].name,
				 call->waits);
		if (!key || token->error)
			continue;
		struct histogram **histogram = &own[key - latencies->keys];
		if (!*histogram && !(*histogram = calloc(1, sizeof(**histogram))))
			rc = -ENOMEM;
		else
			histogram_add(*histogram, (uint64_t)(token->duration / (rate > 0 ? rate : 1)));
	}
	for (uint32_t i = 0; own && i < KEYS_MAX; i++) {
		if (own[i] && i < latencies->count) {
			for (unsigned q = 0; q < QUANTILES; q++)
				latencies->keys[i].quantiles[side][number][q] =
					(double)histogram_quantile(own[i], shares[q]);
			histogram_merge(latencies->keys[i].sides[side], own[i]);
		}
		free(own[i]);
	}
	free(own);
	return rc;
}

/* The chance that one of `new` is above one of `old`, ties counting half. */
static double effect_of(const struct histogram *old, const struct histogram *new)
{
	double above = 0, below = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		above += (double)new->buckets[i] * (below + (double)old->buckets[i] / 2);
		below += (double)old->buckets[i];
	}
	return old->count && new->count ? above / ((double)old->count * (double)new->count) : 0.5;
}

/* Whether the runs, one number each, differ beyond chance. */
static bool differs_by_rank(const struct latencies *latencies, const struct latency_key *key, unsigned quantile)
{
	double numbers[SIDES][RANK_RUNS_MAX];
	uint32_t counts[SIDES] = {0, 0};

	for (unsigned side = 0; side < SIDES; side++)
		for (uint32_t i = 0; i < latencies->runs[side] && i < RANK_RUNS_MAX; i++)
			if (key->quantiles[side][i][MEDIAN] >= 0)
				numbers[side][counts[side]++] = key->quantiles[side][i][quantile];
	return rank_test(numbers[0], counts[0], numbers[1], counts[1]) <= 0.05;
}

static int add_shift(struct differences *differences, const struct latency_key *key, unsigned quantile, double old,
		     double new, double effect)
{
	struct difference *added = difference_add(differences);
	int rc = 0;

	if (!added)
		return -ENOMEM;
	added->class = key->waits ? CLASS_WAIT : CLASS_LATENCY;
	added->call = strdup(key->call);
	added->object = key->object ? strdup(key->object) : NULL;
	added->field = strdup(quantile_names[quantile]);
	added->order = (uint64_t)(old / new * 1e6);
	rc |= asprintf(&added->old, "%.1f us", old / 1000) < 0;
	rc |= asprintf(&added->new, "%.1f us", new / 1000) < 0;
	rc |= asprintf(&added->explanation, "longer with a chance of %.0f %%", effect * 100) < 0;
	return rc || !added->call || !added->field ? -ENOMEM : 0;
}

static int judge_key(struct differences *differences, const struct latencies *latencies, const struct latency_key *key)
{
	double effect = effect_of(key->sides[0], key->sides[1]);
	bool has_ranks = latencies->runs[0] >= RANK_RUNS_MIN && latencies->runs[1] >= RANK_RUNS_MIN;

	if (key->sides[0]->count < SHIFT_CALLS_MIN || key->sides[1]->count < SHIFT_CALLS_MIN ||
	    effect < 0.5 + SHIFT_EFFECT)
		return 0;
	for (unsigned quantile = 0; quantile < QUANTILES; quantile++) {
		double old = (double)histogram_quantile(key->sides[0], shares[quantile]);
		double new = (double)histogram_quantile(key->sides[1], shares[quantile]);
		double least = old * SHIFT_SHARE > SHIFT_NS ? old * SHIFT_SHARE : SHIFT_NS;
		if (new - old < least || (has_ranks && !differs_by_rank(latencies, key, quantile)))
			continue;
		return add_shift(differences, key, quantile, old, new, effect);
	}
	return 0;
}

int latency_compare(struct differences *differences, struct run *const *old, uint32_t old_count, struct run *const *new,
		    uint32_t new_count, bool *too_few)
{
	struct latencies latencies = {.keys = calloc(KEYS_MAX, sizeof(struct latency_key)),
				      .runs = {old_count, new_count}};
	int rc = latencies.keys ? 0 : -ENOMEM;

	*too_few = old_count + new_count > 2 && (old_count < RANK_RUNS_MIN || new_count < RANK_RUNS_MIN);
	for (uint32_t i = 0; !rc && i < old_count; i++)
		rc = add_run(&latencies, SIDE_OLD, i, old[i]);
	for (uint32_t i = 0; !rc && i < new_count; i++)
		rc = add_run(&latencies, SIDE_NEW, i, new[i]);
	for (uint32_t i = 0; !rc && i < latencies.count; i++)
		rc = judge_key(differences, &latencies, &latencies.keys[i]);
	for (uint32_t i = 0; latencies.keys && i < latencies.count; i++) {
		free(latencies.keys[i].object);
		for (unsigned side = 0; side < SIDES; side++) {
			free(latencies.keys[i].sides[side]);
			free(latencies.keys[i].quantiles[side]);
		}
	}
	free(latencies.keys);
	map_clear(&latencies.index);
	return rc;
}
