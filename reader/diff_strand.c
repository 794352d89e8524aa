// SPDX-License-Identifier: MIT
/*
 * Which token belongs to which strand, what it looks like there, and which strands of the two sides belong together.
 */
#include "reader/diff_strand.h"
#include "format/crc32c.h"
#include "reader/diff_stock.h"
#include "reader/diff_timer.h"
#include "reader/diff_token.h"
#include "reader/huge.h"
#include "reader/map.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Whether those of a class that do not wait for readiness serve connections, too. */
enum serving { SERVES_ALONE = 1, SERVES_IN_POOL };

struct maker {
	const struct pairing *pairing;
	struct canon *canon;
	struct strands *strands;
	unsigned side;
	const struct map *serving; /* classes of threads whose connections are strands of their own: enum serving */
	const struct map *shared;  /* identifiers of objects that several threads receive from */
	const struct timer_actions *timers;
	const struct stocks *stocks;
	int rc;
};

/* ---- which strand --------------------------------------------------------------------------------------------- */

static uint32_t add_strand(struct maker *maker, enum strand_kind kind, uint32_t thread, uint32_t object)
{
	struct strands *strands = maker->strands;

	if (strands->count == strands->room) {
		uint32_t room = strands->room ? 2 * strands->room : 64;
		struct strand *rows = reallocarray(strands->rows, room, sizeof(*rows));
		if (!rows)
			return CANON_NONE;
		strands->rows = rows;
		strands->room = room;
	}
	strands->rows[strands->count] =
		(struct strand){.kind = kind, .thread = thread, .object = object, .partner = CANON_NONE};
	return strands->count++;
}

/*
 * The connection that a token speaks of first, or makes: an accepted one, or one of several that its thread made, to
 * others or for its children.
 */
static uint32_t connection_of(const struct canon *canon, const struct canon_token *token)
{
	for (unsigned i = 0; i < 2; i++) {
		if (token->sort->objects[i] == CANON_NONE)
			continue;
		const struct canon_object *object = &canon->objects[token->sort->objects[i]];
		const struct canon_thread *thread = &canon->threads[token->sort->thread];
		bool is_one_of_several =
			(object->is_client && thread->connected > 1) ||
			(object->is_answer && thread->answers > 1 && object->thread == token->sort->thread);
		if (object->is_accepted || is_one_of_several)
			return token->sort->objects[i];
	}
	return CANON_NONE;
}

/* The strand that a token of a serving thread switches to, CANON_NONE when it does not say. */
static uint32_t session_of(struct maker *maker, const struct canon_token *token)
{
	uint32_t connection = connection_of(maker->canon, token);

	if (connection != CANON_NONE) {
		uint32_t *strand = &maker->strands->of_object[connection];
		if (*strand == CANON_NONE)
			*strand = add_strand(maker, STRAND_SESSION, token->sort->thread, connection);
		return *strand;
	}
	uint32_t object = token->sort->objects[0];
	bool carries = token->flags & (TOKEN_RECEIVES | TOKEN_SENDS);
	return object != CANON_NONE && carries ? maker->strands->of_object[object] : CANON_NONE;
}

static bool begins_task(const struct maker *maker, const struct canon_token *token)
{
	uint32_t object = token->sort->objects[0];

	return token->flags & TOKEN_RECEIVES && object != CANON_NONE &&
	       map_get(maker->shared, maker->pairing->identifiers[maker->side][object]);
}

/* What is made while a strand is at work belongs to it. */
static void note_births(struct maker *maker, const struct canon_token *token, uint32_t index, uint32_t strand)
{
	for (unsigned i = 0; i < 2; i++) {
		uint32_t object = token->sort->objects[i];
		if (object != CANON_NONE && maker->canon->objects[object].birth == index &&
		    maker->strands->of_object[object] == CANON_NONE &&
		    maker->strands->rows[strand].kind != STRAND_SPINE && token->flags & TOKEN_MAKES)
			maker->strands->of_object[object] = strand;
	}
}

struct thread_state {
	uint32_t spine, reap, timer, memory, stock, current;
	bool is_serving;
	bool is_woken; /* and has not gone on with anything yet */
	bool is_given; /* likewise, but for what it took from a stock to go on */
};

/* What stands where it does by chance: in a strand of its own, beside what the thread is at. */
static int put_aside(struct maker *maker, enum strand_kind kind, uint32_t *strand, uint32_t index)
{
	if (*strand == CANON_NONE)
		*strand = add_strand(maker, kind, maker->canon->tokens[index].sort->thread, CANON_NONE);
	maker->strands->of_token[index] = *strand;
	return *strand == CANON_NONE ? -ENOMEM : 0;
}

/* Whether it has or gives back memory of a process with several threads: an allocator does, when one of them needs it.
 */
static bool is_allocation(const struct maker *maker, const struct canon_token *token)
{
	const uint32_t *objects = token->sort->objects;
	uint32_t object = objects[objects[0] == CANON_NONE];

	return token->flags & (TOKEN_MAKES | TOKEN_ENDS) && object != CANON_NONE &&
	       maker->canon->threads[token->sort->thread].is_common &&
	       maker->canon->objects[object].type == OBJECT_MAPPING && maker->canon->objects[object].is_private;
}

static int choose_strand(struct maker *maker, struct thread_state *state, uint32_t index)
{
	const struct canon_token *token = &maker->canon->tokens[index];
	uint32_t next = CANON_NONE;

	state->is_woken |= (token->flags & TOKEN_WOKEN) != 0;
	if (token->flags & TOKEN_REAPS)
		return put_aside(maker, STRAND_REAP, &state->reap, index);
	if (is_allocation(maker, token))
		return put_aside(maker, STRAND_MEMORY, &state->memory, index);
	if (stocks_hold(maker->stocks, maker->side, token)) {
		state->is_given |= (token->flags & TOKEN_WOKEN) != 0;
		return put_aside(maker, STRAND_STOCK, &state->stock, index);
	}
	/* what it was woken for is what it does with what it took */
	if (state->is_given)
		maker->canon->tokens[index].flags |= TOKEN_WOKEN;
	state->is_given = false;
	if (state->is_serving && timer_actions_have(maker->timers, maker->pairing, maker->side, token))
		return put_aside(maker, STRAND_TIMER, &state->timer, index);
	if (state->spine == CANON_NONE)
		state->spine = state->current = add_strand(maker, STRAND_SPINE, token->sort->thread, CANON_NONE);
	if (state->is_serving) {
		next = session_of(maker, token);
		if (next == CANON_NONE && state->is_woken)
			next = state->spine;
	} else if (begins_task(maker, token)) {
		next = add_strand(maker, STRAND_TASK, token->sort->thread, token->sort->objects[0]);
	}
	state->is_woken = false;
	if (next != CANON_NONE)
		state->current = next;
	if (state->current == CANON_NONE)
		return -ENOMEM;
	maker->strands->of_token[index] = state->current;
	note_births(maker, token, index, state->current);
	return 0;
}

static int choose_strands(struct maker *maker)
{
	struct canon *canon = maker->canon;
	struct thread_state *states = malloc((canon->threads_count + 1ull) * sizeof(*states));
	int rc = states ? 0 : -ENOMEM;

	for (uint32_t i = 0; states && i < canon->threads_count; i++) {
		uintptr_t serving = (uintptr_t)map_get(maker->serving, maker->pairing->classes[maker->side][i]);
		states[i] = (struct thread_state){.spine = CANON_NONE,
						  .reap = CANON_NONE,
						  .timer = CANON_NONE,
						  .memory = CANON_NONE,
						  .stock = CANON_NONE,
						  .current = CANON_NONE,
						  .is_serving = serving == SERVES_IN_POOL ||
								(serving && canon->threads[i].dispatches)};
	}
	for (uint32_t i = 0; !rc && i < canon->tokens_count; i++)
		rc = choose_strand(maker, &states[canon->tokens[i].sort->thread], i);
	free(states);
	return rc;
}

/* ---- their lists ---------------------------------------------------------------------------------------------- */

/* Whether `token` goes on with the stream of `before`, its neighbour now that other strands are out of the way. */
static bool folds(const struct canon_token *before, const struct canon_token *token)
{
	return before && before->flags & token->flags & TOKEN_STREAM && before->sort->key == token->sort->key &&
	       before->sort->objects[0] == token->sort->objects[0] && before->sort->content == token->sort->content;
}

static void fold(struct canon_token *into, struct canon_token *token)
{
	into->payload = crc32c_combine(into->payload, token->payload, token->bytes);
	into->bytes += token->bytes;
	token->flags |= TOKEN_ABSORBED;
}

static int list_tokens(struct maker *maker)
{
	struct strands *strands = maker->strands;
	struct canon *canon = maker->canon;
	struct canon_token **last = calloc(strands->count + 1ull, sizeof(*last));
	uint32_t *used = calloc(strands->count + 1ull, sizeof(*used));
	uint32_t from = 0;

	strands->list = huge_alloc((canon->tokens_count + 1ull) * sizeof(*strands->list));
	if (!last || !used || !strands->list) {
		free(last);
		free(used);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		struct canon_token *token = &canon->tokens[i], **before = &last[strands->of_token[i]];
		if (token->flags & TOKEN_ABSORBED) /* in an earlier comparison of this run */
			continue;
		if (strands->rows[strands->of_token[i]].kind == STRAND_SESSION && folds(*before, token)) {
			fold(*before, token);
			continue;
		}
		*before = token;
		strands->rows[strands->of_token[i]].count++;
	}
	for (uint32_t i = 0; i < strands->count; i++) {
		strands->rows[i].from = from;
		from += strands->rows[i].count;
	}
	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		uint32_t strand = strands->of_token[i];
		if (!(canon->tokens[i].flags & TOKEN_ABSORBED))
			strands->list[strands->rows[strand].from + used[strand]++] = i;
	}
	free(last);
	free(used);
	return 0;
}

/* ---- partners ------------------------------------------------------------------------------------------------- */

/* Where the strand belongs: keys of strands that may be partners are equal. 0: it has its partner otherwise. */
static uint64_t task_place(const struct strands *strands, const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct strand *strand = &strands->rows[index];

	if (strand->kind != STRAND_TASK)
		return 0;
	return mix(pairing->classes[side][strand->thread], pairing->identifiers[side][strand->object]);
}

enum { BY_CONTENT, BY_FIRST, BY_PLACE, TASK_WAYS };

static uint64_t task_key(const struct strands *strands, const struct pairing *pairing, unsigned side, uint32_t index,
			 unsigned way)
{
	uint64_t place = task_place(strands, pairing, side, index);

	if (place && way == BY_CONTENT)
		return mix(place, strands->rows[index].content);
	if (place && way == BY_FIRST)
		return mix(place, strands->full[strands->rows[index].from]);
	return place;
}

static int pair_tasks(struct strands strands[SIDES], const struct pairing *pairing, uint32_t *const partners[SIDES])
{
	struct candidate *candidates[SIDES];
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++) {
		candidates[side] = malloc((strands[side].count + 1ull) * sizeof(struct candidate));
		rc = candidates[side] ? rc : -ENOMEM;
	}
	for (unsigned way = 0; !rc && way < TASK_WAYS; way++) {
		for (unsigned side = 0; side < SIDES; side++)
			for (uint32_t i = 0; i < strands[side].count; i++)
				candidates[side][i] =
					(struct candidate){task_key(&strands[side], pairing, side, i, way), i};
		pair_by_key(candidates[0], strands[0].count, candidates[1], strands[1].count, partners);
	}
	free(candidates[0]);
	free(candidates[1]);
	return rc;
}

/* Strands of one side that go with a thread or a connection: by which. 0: it goes with neither. */
static uint64_t given_place(const struct strand *strand, uint32_t thread, uint32_t object)
{
	switch (strand->kind) {
	case STRAND_SESSION:
		return object == CANON_NONE ? 0 : 1ull << 32 | object;
	case STRAND_SPINE:
	case STRAND_REAP:
	case STRAND_TIMER:
	case STRAND_MEMORY:
	case STRAND_STOCK:
		return thread == CANON_NONE ? 0 : 2ull << 32 | (uint64_t)strand->kind << 40 | thread;
	default:
		return 0;
	}
}

/* Most have the partners of their threads and connections. */
static void pair_given(struct strands strands[SIDES], const struct pairing *pairing, uint32_t *const partners[SIDES])
{
	struct map places = {0};

	for (uint32_t i = 0; i < strands[SIDE_NEW].count; i++) {
		const struct strand *strand = &strands[SIDE_NEW].rows[i];
		uint64_t place = given_place(strand, strand->thread, strand->object);
		if (place)
			map_put(&places, place, (void *)(uintptr_t)(i + 1));
	}
	for (uint32_t i = 0; i < strands[SIDE_OLD].count; i++) {
		const struct strand *strand = &strands[SIDE_OLD].rows[i];
		uint32_t object =
			strand->object == CANON_NONE ? CANON_NONE : pairing->objects[SIDE_OLD][strand->object];
		uint64_t place = given_place(strand, pairing->threads[SIDE_OLD][strand->thread], object);
		uintptr_t found = place ? (uintptr_t)map_get(&places, place) : 0;
		if (!found)
			continue;
		partners[SIDE_OLD][i] = (uint32_t)found - 1;
		partners[SIDE_NEW][found - 1] = i;
	}
	map_clear(&places);
}

static int find_partners(struct strands strands[SIDES], const struct pairing *pairing)
{
	uint32_t *partners[SIDES];
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++) {
		partners[side] = malloc((strands[side].count + 1ull) * sizeof(uint32_t));
		if (partners[side])
			memset(partners[side], 0xff, strands[side].count * sizeof(uint32_t));
		else
			rc = -ENOMEM;
	}
	if (!rc) {
		pair_given(strands, pairing, partners);
		rc = pair_tasks(strands, pairing, partners);
	}
	for (unsigned side = 0; side < SIDES; side++) {
		for (uint32_t i = 0; !rc && i < strands[side].count; i++)
			strands[side].rows[i].partner = partners[side][i];
		free(partners[side]);
	}
	return rc;
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

/* Whether a thread serves several connections, and whether so do those that do the same, whatever they were given. */
static bool serves_several(const struct canon_thread *thread, bool *is_one_of_pool)
{
	*is_one_of_pool = thread->handed > 1 || (thread->handed && thread->accepted > 1);
	return *is_one_of_pool ||
	       (thread->dispatches && (thread->accepted > 1 || thread->connected > 1 || thread->answers > 1));
}

/* Threads that serve several connections each, on either side; and what several threads receive from. */
static int find_noise_places(const struct pairing *pairing, struct map *serving, struct map *shared)
{
	int rc = 0;

	for (unsigned side = 0; !rc && side < SIDES; side++) {
		const struct canon *canon = pairing->canons[side];
		for (uint32_t i = 0; !rc && i < canon->threads_count; i++) {
			bool is_one_of_pool;
			if (!serves_several(&canon->threads[i], &is_one_of_pool))
				continue;
			is_one_of_pool |= (uintptr_t)map_get(serving, pairing->classes[side][i]) == SERVES_IN_POOL;
			rc = map_put(serving, pairing->classes[side][i],
				     (void *)(uintptr_t)(is_one_of_pool ? SERVES_IN_POOL : SERVES_ALONE));
		}
		for (uint32_t i = 0; !rc && i < canon->objects_count; i++)
			if (canon->objects[i].is_shared && !canon->objects[i].is_counter &&
			    canon->objects[i].type != OBJECT_FILE)
				rc = map_put(shared, pairing->identifiers[side][i], shared);
	}
	return rc;
}

static int make_side(struct maker *maker)
{
	struct strands *strands = maker->strands;
	struct canon *canon = maker->canon;
	int rc = -ENOMEM;

	strands->of_object = malloc((canon->objects_count + 1ull) * sizeof(*strands->of_object));
	strands->local = calloc(canon->objects_count + 1ull, sizeof(*strands->local));
	strands->of_token = huge_alloc((canon->tokens_count + 1ull) * sizeof(*strands->of_token));
	if (strands->of_object && strands->local && strands->of_token) {
		memset(strands->of_object, 0xff, canon->objects_count * sizeof(*strands->of_object));
		rc = choose_strands(maker);
	}
	if (!rc)
		rc = list_tokens(maker);
	if (!rc)
		rc = strands_describe(strands);
	maker->rc = rc;
	return rc;
}

static void *make_other_side(void *argument)
{
	make_side(argument);
	return NULL;
}

int strands_make(struct strands strands[SIDES], const struct pairing *pairing, struct canon *canons[SIDES])
{
	struct map serving = {0}, shared = {0};
	struct timer_actions timers = {.count = 0};
	struct stocks stocks = {.count = 0};
	int rc;

	crc32c_prepare();
	strands[SIDE_OLD] = (struct strands){.pairing = pairing, .side = SIDE_OLD};
	strands[SIDE_NEW] = (struct strands){.pairing = pairing, .side = SIDE_NEW};
	rc = find_noise_places(pairing, &serving, &shared);
	if (!rc)
		rc = timer_actions_find(&timers, pairing, &serving);
	if (!rc)
		rc = stocks_find(&stocks, pairing);
	if (!rc) {
		struct maker old = {pairing, canons[0], &strands[0], SIDE_OLD, &serving, &shared, &timers, &stocks, 0};
		struct maker new = {pairing, canons[1], &strands[1], SIDE_NEW, &serving, &shared, &timers, &stocks, 0};
		pthread_t thread;
		/* A run that is compared with itself is folded once. */
		bool is_parallel = canons[0] != canons[1] && !pthread_create(&thread, NULL, make_other_side, &new);
		make_side(&old);
		if (is_parallel)
			pthread_join(thread, NULL);
		else
			make_side(&new);
		rc = old.rc ? old.rc : new.rc;
	}
	if (!rc)
		rc = find_partners(strands, pairing);
	map_clear(&serving);
	map_clear(&shared);
	timer_actions_free(&timers);
	stocks_free(&stocks);
	return rc;
}

void strands_free(struct strands *strands)
{
	free(strands->rows);
	free(strands->of_token);
	free(strands->list);
	free(strands->full);
	free(strands->of_object);
	free(strands->local);
	*strands = (struct strands){0};
}
