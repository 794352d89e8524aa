// SPDX-License-Identifier: MIT
/*
 * What has to wait for what, between threads: the rules of ROOT (Weiss et al., SOSP 2013), read off the times.
 *
 * Of each object: when one access was over before another one began, it is over before in the replay, too. Where
 * several waited at the same time to take something out of one object, who was served first is served first; likewise
 * for those who put something in. Every edge goes from an act that ended to one that ended later: there is no cycle.
 */
#include "replay/composition.h"

#include <errno.h>

/* Accesses to one object that later ones may have to wait for. */
struct frontier {
	uint32_t *accesses;
	uint32_t count, room;
};

struct ordering {
	struct composition *composition;
	struct rows pairs;	    /* struct pair */
	uint32_t *roots;	    /* of objects: both ends of a conversation are one */
	struct frontier *frontiers; /* by root */
	uint32_t *by_end;	    /* accesses */
};

/* `before` must be over when `after` begins: acts. */
struct pair {
	uint32_t before, after;
};

static uint32_t root_of(uint32_t *roots, uint32_t object)
{
	while (roots[object] != object)
		object = roots[object] = roots[roots[object]];
	return object;
}

static void roots_make(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;

	for (uint32_t i = 0; i < composition->objects.count; i++)
		ordering->roots[i] = i;
	for (uint32_t i = 0; i < composition->objects.count; i++) {
		uint32_t peer = COMPOSED_OBJECT(composition, i)->peer;
		if (peer != SCORE_NONE)
			ordering->roots[root_of(ordering->roots, i)] = root_of(ordering->roots, peer);
	}
}

static const struct score_act *act_of(const struct ordering *ordering, uint32_t access)
{
	return COMPOSED_ACT(ordering->composition, ROWS(ordering->composition->accesses, struct access)[access].act);
}

static uint32_t part_of(const struct ordering *ordering, uint32_t act)
{
	return ROWS(ordering->composition->composed, struct composed_act)[act].part;
}

static void pair_add(struct ordering *ordering, uint32_t before, uint32_t after)
{
	struct pair *pair;

	if (part_of(ordering, before) == part_of(ordering, after))
		return;
	pair = rows_add(&ordering->pairs, sizeof(*pair));
	if (pair)
		*pair = (struct pair){before, after};
}

/* Whether something between them makes it sure anyway. */
static bool is_covered(const struct ordering *ordering, const struct frontier *frontier, uint32_t access,
		       uint64_t until)
{
	uint64_t end = act_of(ordering, access)->end;

	for (uint32_t i = 0; i < frontier->count; i++) {
		const struct score_act *other = act_of(ordering, frontier->accesses[i]);
		if (frontier->accesses[i] != access && other->end <= until && end <= other->enter)
			return true;
	}
	return false;
}

static bool frontier_push(struct frontier *frontier, uint32_t access)
{
	if (frontier->count == frontier->room) {
		uint32_t room = frontier->room ? frontier->room * 2 : 4;
		uint32_t *accesses = realloc(frontier->accesses, room * sizeof(*accesses));
		if (!accesses)
			return false;
		frontier->accesses = accesses;
		frontier->room = room;
	}
	frontier->accesses[frontier->count++] = access;
	return true;
}

/* One access, by time of entry: it waits for those that were over and are covered by none. */
static void access_order(struct ordering *ordering, struct frontier *frontier, uint32_t access)
{
	const struct access *rows = ROWS(ordering->composition->accesses, struct access);
	uint64_t enter = act_of(ordering, access)->enter;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < frontier->count; i++) {
		uint32_t before = frontier->accesses[i];
		if (rows[before].act != rows[access].act && act_of(ordering, before)->end <= enter &&
		    !is_covered(ordering, frontier, before, enter))
			pair_add(ordering, rows[before].act, rows[access].act);
	}
	for (uint32_t i = 0; i < frontier->count; i++) {
		uint32_t before = frontier->accesses[i];
		if (!is_covered(ordering, frontier, before, enter))
			frontier->accesses[kept++] = before;
	}
	frontier->count = kept;
	if (!frontier_push(frontier, access))
		ordering->composition->failed = true;
}

static int compare_ends(const void *a, const void *b, void *context)
{
	const struct ordering *ordering = context;
	uint64_t end_a = act_of(ordering, *(const uint32_t *)a)->end,
		 end_b = act_of(ordering, *(const uint32_t *)b)->end;

	return end_a < end_b ? -1 : end_a > end_b ? 1 : *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/* Who takes from, and who gives to, the same object: each kind in the order in which they were served. */
static void served_order(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;
	const struct access *rows = ROWS(composition->accesses, struct access);
	uint32_t objects = composition->objects.count, count = 0;
	uint32_t *last = malloc((objects * 2ull + 1) * sizeof(*last));

	if (!last) {
		composition->failed = true;
		return;
	}
	memset(last, 0xff, (objects * 2ull + 1) * sizeof(*last));
	for (uint32_t i = 0; i < composition->accesses.count; i++)
		if (rows[i].classes & (ACCESS_TAKES | ACCESS_GIVES | ACCESS_CONNECTS) &&
		    act_of(ordering, i)->end != UINT64_MAX)
			ordering->by_end[count++] = i;
	qsort_r(ordering->by_end, count, sizeof(uint32_t), compare_ends, ordering);
	for (uint32_t i = 0; i < count; i++) {
		const struct access *access = &rows[ordering->by_end[i]];
		uint32_t object = access->object, *place;
		if (access->classes & ACCESS_CONNECTS) {
			uint32_t listener = COMPOSED_OBJECT(composition, object)->listener;
			object = listener == SCORE_NONE ? object : listener;
		}
		place = &last[object * 2 + !(access->classes & ACCESS_TAKES)];
		if (*place != SCORE_NONE &&
		    COMPOSED_ACT(composition, *place)->end > COMPOSED_ACT(composition, access->act)->enter)
			pair_add(ordering, *place, access->act);
		*place = access->act;
	}
	free(last);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->after != y->after)
		return x->after < y->after ? -1 : 1;
	return x->before < y->before ? -1 : x->before > y->before;
}

/* Of the acts of one part only the last counts. */
static void edges_pack(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;
	struct pair *pairs = ROWS(ordering->pairs, struct pair);
	const struct composed_act *composed = ROWS(composition->composed, struct composed_act);

	if (ordering->pairs.count)
		qsort(pairs, ordering->pairs.count, sizeof(*pairs), compare_pairs);
	for (uint32_t i = 0; i < ordering->pairs.count; i++) {
		struct score_act *act = COMPOSED_ACT(composition, pairs[i].after);
		struct score_edge edge = {composed[pairs[i].before].part, composed[pairs[i].before].index + 1},
				  *row = NULL;
		if (!act->edges_count)
			act->edges = composition->edges.count;
		for (uint16_t j = 0; j < act->edges_count; j++)
			if (ROWS(composition->edges, struct score_edge)[act->edges + j].part == edge.part)
				row = &ROWS(composition->edges, struct score_edge)[act->edges + j];
		if (row && row->count >= edge.count)
			continue;
		if (!row && act->edges_count < UINT16_MAX && (row = rows_add(&composition->edges, sizeof(*row))))
			act->edges_count++;
		if (row)
			*row = edge;
	}
}

/* Who begins without anybody having made it, begins when its time has come. */
static void orphans_order(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;

	for (uint32_t i = 1; i < composition->processes.count; i++) {
		const struct score_process *process = &ROWS(composition->processes, struct score_process)[i];
		uint32_t first, best = SCORE_NONE;
		if (!process->is_orphan || process->main == SCORE_NONE)
			continue;
		first = COMPOSED_PART(composition, process->main)->first;
		for (uint32_t act = first; act != SCORE_NONE && act--;)
			if (COMPOSED_ACT(composition, act)->end <= COMPOSED_ACT(composition, first)->enter) {
				best = act;
				break;
			}
		if (best != SCORE_NONE)
			pair_add(ordering, best, first);
	}
}

void ordering_make(struct composition *composition)
{
	uint32_t objects = composition->objects.count, accesses = composition->accesses.count;
	struct ordering ordering = {.composition = composition,
				    .roots = malloc((objects + 1ull) * sizeof(uint32_t)),
				    .frontiers = calloc(objects + 1ull, sizeof(struct frontier)),
				    .by_end = malloc((accesses + 1ull) * sizeof(uint32_t))};

	if (ordering.roots && ordering.frontiers && ordering.by_end) {
		roots_make(&ordering);
		for (uint32_t i = 0; i < accesses; i++) {
			uint32_t object = ROWS(composition->accesses, struct access)[i].object;
			access_order(&ordering, &ordering.frontiers[root_of(ordering.roots, object)], i);
		}
		served_order(&ordering);
		orphans_order(&ordering);
		edges_pack(&ordering);
	} else {
		composition->failed = true;
	}
	for (uint32_t i = 0; ordering.frontiers && i < objects; i++)
		free(ordering.frontiers[i].accesses);
	composition->failed |= ordering.pairs.failed;
	rows_free(&ordering.pairs);
	free(ordering.roots);
	free(ordering.frontiers);
	free(ordering.by_end);
}
