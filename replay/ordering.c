// SPDX-License-Identifier: MIT
/*
 * What has to wait for what, between threads: the rules of ROOT (Weiss et al., SOSP 2013), read off the times.
 *
 * Of each object: when one access was over before another one began, it is over before in the replay, too. Where
 * several waited at the same time to take something out of one object, who was served first is served first. Messages
 * that were sent at once are sent in the order in which they came. No act waits for one that ended after it, but for
 * messages that overlapped: there is no cycle, also with what calls wait for by themselves.
 */
#include "replay/ordering_parts.h"

#include <errno.h>

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

void pair_add(struct ordering *ordering, uint32_t before, uint32_t after)
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

static int compare_takes(const void *a, const void *b, void *context)
{
	const struct ordering *ordering = context;
	const struct access *rows = ROWS(ordering->composition->accesses, struct access);
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint64_t end_x = act_of(ordering, x)->end, end_y = act_of(ordering, y)->end;

	if (rows[x].object != rows[y].object)
		return rows[x].object < rows[y].object ? -1 : 1;
	if (end_x != end_y)
		return end_x < end_y ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Two took at the same time, and the second got what had been given before what the first got. */
static bool is_crossed(const struct ordering *ordering, uint32_t first, uint32_t second)
{
	const struct access *rows = ROWS(ordering->composition->accesses, struct access);
	uint32_t a = ordering->sources[first], b = ordering->sources[second];

	return rows[first].object == rows[second].object && a != SCORE_NONE && b != SCORE_NONE &&
	       act_of(ordering, first)->end > act_of(ordering, second)->enter &&
	       act_of(ordering, second)->end > act_of(ordering, first)->enter &&
	       act_of(ordering, b)->end <= act_of(ordering, a)->enter;
}

/*
 * Those who took, by object, in the order in which they did: that in which they returned, but for those who overlapped:
 * a call may come back late with what it was given first.
 */
static void takes_sort(struct ordering *ordering, uint32_t count)
{
	uint32_t *taken = ordering->taken;

	if (count)
		qsort_r(taken, count, sizeof(*taken), compare_takes, ordering);
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t j = i; j && is_crossed(ordering, taken[j - 1], taken[j]); j--) {
			uint32_t take = taken[j];
			taken[j] = taken[j - 1];
			taken[j - 1] = take;
		}
}

/* Of those who wait at a listener the kernel may wake one alone, as it wakes one of those who take. */
static bool is_served(const struct composition *composition, const struct access *access)
{
	if (access->classes & ACCESS_LOOKS)
		return COMPOSED_OBJECT(composition, access->object)->is_listener;
	return access->classes & ACCESS_TAKES && !(access->classes & ACCESS_ACCEPTS);
}

/* Who takes from the same object, in the order in which they were served. */
static void served_order(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;
	const struct access *rows = ROWS(composition->accesses, struct access);
	uint32_t count = 0;

	for (uint32_t i = 0; i < composition->accesses.count; i++)
		if (is_served(composition, &rows[i]) && act_of(ordering, i)->end != UINT64_MAX)
			ordering->taken[count++] = i;
	takes_sort(ordering, count);
	for (uint32_t i = 1; i < count; i++) {
		uint32_t before = ordering->taken[i - 1], after = ordering->taken[i];
		if (rows[before].object == rows[after].object &&
		    act_of(ordering, before)->end > act_of(ordering, after)->enter)
			pair_add(ordering, rows[before].act, rows[after].act);
	}
}

/* Messages by who received them: which of several that were sent at once was the first. */
struct given {
	uint32_t access, rank;
};

static int compare_given(const void *a, const void *b, void *context)
{
	const struct ordering *ordering = context;
	const struct access *rows = ROWS(ordering->composition->accesses, struct access);
	const struct given *x = a, *y = b;

	if (rows[x->access].object != rows[y->access].object)
		return rows[x->access].object < rows[y->access].object ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->access < y->access ? -1 : x->access > y->access;
}

/* Where messages are kept that `object` receives: in itself, or at its other end, which sent them. */
static uint32_t source_of(const struct composition *composition, uint32_t object)
{
	uint32_t peer = COMPOSED_OBJECT(composition, object)->peer;

	return COMPOSED_OBJECT(composition, object)->type == OBJECT_SOCKET && peer != SCORE_NONE ? peer : object;
}

static uint64_t message_key(const struct access *access, uint32_t object)
{
	return map_mix(map_mix((uint64_t)access->hash << 32 | access->total) + object + 1);
}

static int compare_ends(const void *a, const void *b, void *context)
{
	const struct ordering *ordering = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint64_t end_x = act_of(ordering, x)->end, end_y = act_of(ordering, y)->end;

	return end_x < end_y ? -1 : end_x > end_y ? 1 : x < y ? -1 : x > y;
}

/* Those who gave or took a message of known content: they are put into `list`, by time of entry. */
static uint32_t messages_list(const struct ordering *ordering, uint32_t class, uint32_t *list)
{
	const struct access *rows = ROWS(ordering->composition->accesses, struct access);
	uint32_t count = 0;

	for (uint32_t i = 0; i < ordering->composition->accesses.count; i++)
		if (rows[i].hash && !act_of(ordering, i)->error && rows[i].classes & class &&
		    (class == ACCESS_GIVES || !(rows[i].classes & ACCESS_GIVES)))
			list[count++] = i;
	return count;
}

/*
 * Finds who gave what each took: of messages of equal content the first to the first. `next` links those of equal
 * content in order of time, `heads` finds the first; both count from 1.
 */
static bool sources_find(struct ordering *ordering)
{
	const struct composition *composition = ordering->composition;
	const struct access *rows = ROWS(composition->accesses, struct access);
	uint32_t all = composition->accesses.count, count;
	uint32_t *next = calloc(all + 1ull, sizeof(*next));
	struct map heads = {0};
	bool ok = next;

	count = messages_list(ordering, ACCESS_GIVES, ordering->taken);
	for (uint32_t i = count; ok && i--;) {
		uint32_t give = ordering->taken[i];
		uint64_t key = message_key(&rows[give], rows[give].object);
		next[give] = (uint32_t)(uintptr_t)map_get(&heads, key);
		ok = !map_put(&heads, key, (void *)((uintptr_t)give + 1));
	}
	memset(ordering->sources, 0xff, (all + 1ull) * sizeof(*ordering->sources));
	count = messages_list(ordering, ACCESS_TAKES, ordering->taken);
	if (count)
		qsort_r(ordering->taken, count, sizeof(uint32_t), compare_ends, ordering);
	for (uint32_t i = 0; ok && i < count; i++) {
		const struct access *access = &rows[ordering->taken[i]];
		uint64_t key = message_key(access, source_of(composition, access->object));
		uint32_t head = (uint32_t)(uintptr_t)map_get(&heads, key);
		if (!head)
			continue;
		ordering->sources[ordering->taken[i]] = head - 1;
		map_take(&heads, key);
		if (next[head - 1])
			ok = !map_put(&heads, key, (void *)(uintptr_t)next[head - 1]);
	}
	map_clear(&heads);
	free(next);
	return ok;
}

/*
 * Messages that were sent at once keep the order in which they came. They overlapped, so that none of them can depend
 * on the end of the other.
 */
static void given_order(struct ordering *ordering)
{
	struct composition *composition = ordering->composition;
	const struct access *rows = ROWS(composition->accesses, struct access);
	uint32_t count = 0, taken = messages_list(ordering, ACCESS_TAKES, ordering->taken);
	struct given *given = malloc((taken + 1ull) * sizeof(*given));

	if (!given) {
		composition->failed = true;
		return;
	}
	takes_sort(ordering, taken);
	for (uint32_t i = 0; i < taken; i++)
		if (ordering->sources[ordering->taken[i]] != SCORE_NONE)
			given[count++] = (struct given){ordering->sources[ordering->taken[i]], i};
	if (count)
		qsort_r(given, count, sizeof(*given), compare_given, ordering);
	for (uint32_t i = 1; i < count; i++) {
		const struct access *before = &rows[given[i - 1].access], *after = &rows[given[i].access];
		const struct score_act *first = COMPOSED_ACT(composition, before->act),
				       *second = COMPOSED_ACT(composition, after->act);
		if (before->object == after->object && first->end > second->enter && second->end > first->enter)
			pair_add(ordering, before->act, after->act);
	}
	free(given);
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
				    .taken = malloc((accesses + 1ull) * sizeof(uint32_t)),
				    .sources = malloc((accesses + 1ull) * sizeof(uint32_t))};

	if (ordering.roots && ordering.frontiers && ordering.taken && ordering.sources && sources_find(&ordering)) {
		roots_make(&ordering);
		for (uint32_t i = 0; i < accesses; i++) {
			uint32_t object = ROWS(composition->accesses, struct access)[i].object;
			access_order(&ordering, &ordering.frontiers[root_of(ordering.roots, object)], i);
		}
		served_order(&ordering);
		given_order(&ordering);
		meetings_order(&ordering);
		stubs_order(&ordering);
		refusals_order(&ordering);
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
	free(ordering.taken);
	free(ordering.sources);
}
