// SPDX-License-Identifier: MIT
/*
 * Objects are paired by who made them as how many-th, and accepted connections by what was said on them. What is left
 * over is paired by what was done with it.
 */
#include "reader/diff_pair_thread.h"
#include "reader/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static uint32_t drop_paired(struct candidate *candidates, uint32_t count, const uint32_t *partners)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++)
		if (candidates[i].key && partners[candidates[i].index] == CANON_NONE)
			candidates[kept++] = candidates[i];
	qsort(candidates, kept, sizeof(*candidates), compare_candidates);
	return kept;
}

void pair_by_key(struct candidate *old, uint32_t old_count, struct candidate *new, uint32_t new_count,
		 uint32_t *const partners[SIDES])
{
	uint32_t i = 0, k = 0;

	old_count = drop_paired(old, old_count, partners[SIDE_OLD]);
	new_count = drop_paired(new, new_count, partners[SIDE_NEW]);
	while (i < old_count && k < new_count) {
		if (old[i].key < new[k].key) {
			i++;
		} else if (old[i].key > new[k].key) {
			k++;
		} else {
			partners[SIDE_OLD][old[i].index] = new[k].index;
			partners[SIDE_NEW][new[k].index] = old[i].index;
			i++;
			k++;
		}
	}
}

/* ---- one way of pairing --------------------------------------------------------------------------------------- */

int pair_by_function(struct pairing *pairing, uint32_t *const partners[SIDES], const uint32_t counts[SIDES],
		     key_function *key)
{
	struct candidate *candidates[SIDES];

	for (unsigned side = 0; side < SIDES; side++)
		candidates[side] = malloc((counts[side] + 1ull) * sizeof(struct candidate));
	if (candidates[SIDE_OLD] && candidates[SIDE_NEW]) {
		for (unsigned side = 0; side < SIDES; side++)
			for (uint32_t i = 0; i < counts[side]; i++)
				candidates[side][i] = (struct candidate){key(pairing, side, i), i};
		pair_by_key(candidates[SIDE_OLD], counts[SIDE_OLD], candidates[SIDE_NEW], counts[SIDE_NEW], partners);
	}
	int rc = candidates[SIDE_OLD] && candidates[SIDE_NEW] ? 0 : -ENOMEM;
	free(candidates[SIDE_OLD]);
	free(candidates[SIDE_NEW]);
	return rc;
}

/* ---- objects -------------------------------------------------------------------------------------------------- */

static const struct canon_object *object_at(const struct pairing *pairing, unsigned side, uint32_t index)
{
	return &pairing->canons[side]->objects[index];
}

static uint64_t object_kind(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_object *object = object_at(pairing, side, index);
	uint64_t maker = pairing_thread(pairing, side, object->thread);

	return maker && !object->is_accepted ? mix(object->class_id, maker) : 0;
}

static uint64_t object_by_ordinal(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t kind = object_kind(pairing, side, index);

	return kind ? mix(kind, object_at(pairing, side, index)->ordinal) : 0;
}

static uint64_t said(const struct canon_flow *flow)
{
	return mix(flow->bytes, flow->payload);
}

static uint64_t object_by_use(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_object *object = object_at(pairing, side, index);
	uint64_t kind = object_kind(pairing, side, index);

	return kind ? mix(mix(mix(kind, object->order), said(&object->flows[0])), said(&object->flows[1])) : 0;
}

/* Another name, but made by the same thread, and the same was done with it. */
static uint64_t object_by_order(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_object *object = object_at(pairing, side, index);
	uint64_t maker = pairing_thread(pairing, side, object->thread);

	return maker && !object->is_accepted ? mix(mix(object->order, object->type), maker) : 0;
}

static uint64_t object_by_shape(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_object *object = object_at(pairing, side, index);
	uint64_t maker = pairing_thread(pairing, side, object->thread);

	return maker && !object->is_accepted && !object->is_numbered ? mix(object->shape, maker) : 0;
}

static uint64_t object_by_stem(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_object *object = object_at(pairing, side, index);
	uint64_t maker = pairing_thread(pairing, side, object->thread);

	return maker && !object->is_accepted ? mix(object->stem, maker) : 0;
}

/*
 * A connection that was made is known by what was said on it, and by who made it as far as that is not up to who of
 * several had the work. 0: it is none.
 */
static uint64_t client_in_process(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_object *object = object_at(pairing, side, index);
	const struct canon_thread *threads = pairing->canons[side]->threads;
	uint32_t first = object->is_client ? object->thread : CANON_NONE;

	while (first != CANON_NONE && !threads[first].is_process)
		first = threads[first].parent;
	uint64_t process = first == CANON_NONE ? 0 : pairing_thread(pairing, side, first);
	if (!process || !object->flows[CANON_SENT].bytes)
		return 0;
	return mix(mix(mix(object->class_id, process), said(&object->flows[0])), said(&object->flows[1]));
}

static uint64_t client_of_thread(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t key = client_in_process(pairing, side, index);

	return key ? mix(key, pairing_thread(pairing, side, object_at(pairing, side, index)->thread)) : 0;
}

static uint64_t client_by_place(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t key = client_of_thread(pairing, side, index);

	return key ? mix(key, object_at(pairing, side, index)->ordinal) : 0;
}

static uint64_t listener_of(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_object *object = object_at(pairing, side, index);

	if (!object->is_accepted)
		return 0;
	uint32_t partner = pairing->objects[side][object->origin];
	return partner == CANON_NONE ? 0 : 1 + (uint64_t)(side == SIDE_OLD ? object->origin : partner);
}

static uint64_t connection_by_all(const struct pairing *pairing, unsigned side, uint32_t index)
{
	const struct canon_flow *flows = object_at(pairing, side, index)->flows;
	uint64_t listener = listener_of(pairing, side, index);

	return listener ? mix(mix(listener, said(&flows[0])), said(&flows[1])) : 0;
}

/* A thread that was given one connection alone says which one it is. */
static uint64_t connection_by_thread(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t listener = listener_of(pairing, side, index);
	uint32_t receiver = object_at(pairing, side, index)->receiver;

	if (!listener || receiver == CANON_NONE || receiver == object_at(pairing, side, index)->thread ||
	    pairing->canons[side]->threads[receiver].accepted != 1)
		return 0;
	uint64_t thread = pairing_thread(pairing, side, receiver);
	return thread ? mix(listener, thread) : 0;
}

/* The same at the same place in the order of accepting, which is so in most cases. */
static uint64_t connection_by_place(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t key = connection_by_all(pairing, side, index);

	return key ? mix(key, object_at(pairing, side, index)->ordinal) : 0;
}

static uint64_t connection_by_received(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t listener = listener_of(pairing, side, index);

	return listener ? mix(listener, said(&object_at(pairing, side, index)->flows[CANON_RECEIVED])) : 0;
}

static uint64_t connection_by_sent(const struct pairing *pairing, unsigned side, uint32_t index)
{
	uint64_t listener = listener_of(pairing, side, index);

	return listener ? mix(listener, said(&object_at(pairing, side, index)->flows[CANON_SENT])) : 0;
}

static int compare_keys(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* The kinds of a side, sorted. */
static uint64_t *sort_kinds(const struct pairing *pairing, unsigned side, uint32_t count)
{
	uint64_t *kinds = malloc((count + 1ull) * sizeof(*kinds));

	for (uint32_t i = 0; kinds && i < count; i++)
		kinds[i] = object_kind(pairing, side, i);
	if (kinds)
		qsort(kinds, count, sizeof(*kinds), compare_keys);
	return kinds;
}

/* How many of the sorted `keys` are below `key`. */
static uint32_t count_below(const uint64_t *keys, uint32_t count, uint64_t key)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t count_kind(const uint64_t *kinds, uint32_t count, uint64_t kind)
{
	return count_below(kinds, count, kind + 1) - count_below(kinds, count, kind);
}

/* Where a thread made as many of a kind on both sides, the n-th is the n-th. */
static int pair_equal_counts(struct pairing *pairing, const uint32_t counts[SIDES])
{
	uint64_t *kinds[SIDES];
	struct candidate *candidates[SIDES];
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++) {
		kinds[side] = sort_kinds(pairing, side, counts[side]);
		candidates[side] = malloc((counts[side] + 1ull) * sizeof(struct candidate));
		if (!kinds[side] || !candidates[side])
			rc = -ENOMEM;
	}
	for (unsigned side = 0; !rc && side < SIDES; side++) {
		for (uint32_t i = 0; i < counts[side]; i++) {
			uint64_t kind = object_kind(pairing, side, i);
			bool is_equal =
				kind && count_kind(kinds[0], counts[0], kind) == count_kind(kinds[1], counts[1], kind);
			uint64_t key = is_equal ? object_by_ordinal(pairing, side, i) : 0;
			candidates[side][i] = (struct candidate){key, i};
		}
	}
	if (!rc)
		pair_by_key(candidates[0], counts[0], candidates[1], counts[1], pairing->objects);
	for (unsigned side = 0; side < SIDES; side++) {
		free(kinds[side]);
		free(candidates[side]);
	}
	return rc;
}

/* Names that only one side has, by the other side's name of the first such thing that has a partner there. */
static int translate_names(const struct pairing *pairing, const struct map named[SIDES], struct map *names)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < pairing->canons[SIDE_NEW]->objects_count; i++) {
		const struct canon_object *object = object_at(pairing, SIDE_NEW, i);
		uint32_t partner = pairing->objects[SIDE_NEW][i];
		if (object->is_numbered || partner == CANON_NONE || map_get(&named[SIDE_OLD], object->class_id))
			continue;
		uint64_t there = object_at(pairing, SIDE_OLD, partner)->class_id;
		if (!map_get(&named[SIDE_NEW], there) && !map_get(names, object->class_id))
			rc = map_put(names, object->class_id, (void *)(uintptr_t)(partner + 1));
	}
	return rc;
}

static uint64_t identifier_of(const struct pairing *pairing, unsigned side, uint32_t index, const struct map *names)
{
	const struct canon_object *object = object_at(pairing, side, index);
	uint32_t partner = pairing->objects[side][index];
	uint64_t class = object->class_id;

	if (!object->is_numbered) {
		uintptr_t there = side == SIDE_NEW ? (uintptr_t)map_get(names, class) : 0;
		return mix(7, there ? object_at(pairing, SIDE_OLD, (uint32_t)there - 1)->class_id : class);
	}
	/* In a process of several threads it is chance which piece of memory or lock is made first. */
	if (object->is_private && object->is_common)
		return mix(10, class);
	if (partner == CANON_NONE)
		return mix(9 + side, index);
	return mix(8, side == SIDE_OLD ? index : partner);
}

/* Things with a name of their own are the same on both sides whenever the name is. */
static int identify(struct pairing *pairing)
{
	struct map named[SIDES] = {{0}}, names = {0};
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++)
		for (uint32_t i = 0; !rc && i < pairing->canons[side]->objects_count; i++)
			if (!object_at(pairing, side, i)->is_numbered)
				rc = map_put(&named[side], object_at(pairing, side, i)->class_id, pairing);
	if (!rc)
		rc = translate_names(pairing, named, &names);
	for (unsigned side = 0; !rc && side < SIDES; side++)
		for (uint32_t i = 0; i < pairing->canons[side]->objects_count; i++)
			pairing->identifiers[side][i] = identifier_of(pairing, side, i, &names);
	map_clear(&named[SIDE_OLD]);
	map_clear(&named[SIDE_NEW]);
	map_clear(&names);
	return rc;
}

static uint64_t connection_any(const struct pairing *pairing, unsigned side, uint32_t index)
{
	return listener_of(pairing, side, index);
}

static int pair_objects(struct pairing *pairing)
{
	/* The listeners have partners before the connections look for theirs. */
	static key_function *const ways[] = {object_by_use,	  object_kind,	     object_by_shape,
					     object_by_stem,	  object_by_order,   connection_by_thread,
					     connection_by_place, connection_by_all, connection_by_received,
					     connection_by_sent,  connection_any};
	static key_function *const client_ways[] = {client_by_place, client_of_thread, client_in_process};
	uint32_t counts[SIDES] = {pairing->canons[0]->objects_count, pairing->canons[1]->objects_count};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(client_ways) / sizeof(client_ways[0]); i++)
		rc = pair_by_function(pairing, pairing->objects, counts, client_ways[i]);
	if (!rc)
		rc = pair_equal_counts(pairing, counts);
	for (size_t i = 0; !rc && i < sizeof(ways) / sizeof(ways[0]); i++)
		rc = pair_by_function(pairing, pairing->objects, counts, ways[i]);
	return rc ? rc : identify(pairing);
}

/* ---- calls ---------------------------------------------------------------------------------------------------- */

static uint16_t find_call(const struct catalogue *catalogue, const char *name)
{
	for (uint16_t i = 0; i < catalogue->calls_count; i++)
		if (!strcmp(catalogue->calls[i].name, name))
			return i;
	return CALL_UNKNOWN;
}

int calls_translate(const struct catalogue *old, const struct catalogue *new, uint16_t **numbers)
{
	bool are_alike = true;

	*numbers = NULL;
	for (uint16_t i = 0; i < new->calls_count &&are_alike; i++)
		are_alike = i < old->calls_count && !strcmp(old->calls[i].name, new->calls[i].name);
	if (are_alike)
		return 0;
	*numbers = malloc(new->calls_count * sizeof(**numbers));
	for (uint16_t i = 0; *numbers && i < new->calls_count; i++)
		(*numbers)[i] = find_call(old, new->calls[i].name);
	return *numbers ? 0 : -ENOMEM;
}

int pairing_make(struct pairing *pairing, const struct canon *old, const struct canon *new)
{
	int rc = 0;

	*pairing = (struct pairing){.canons = {old, new}};
	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon *canon = pairing->canons[side];
		pairing->threads[side] = malloc((canon->threads_count + 1ull) * sizeof(uint32_t));
		pairing->classes[side] = calloc(canon->threads_count + 1ull, sizeof(uint64_t));
		pairing->objects[side] = malloc((canon->objects_count + 1ull) * sizeof(uint32_t));
		pairing->identifiers[side] = calloc(canon->objects_count + 1ull, sizeof(uint64_t));
		if (!pairing->threads[side] || !pairing->classes[side] || !pairing->objects[side] ||
		    !pairing->identifiers[side]) {
			rc = -ENOMEM;
			continue;
		}
		memset(pairing->threads[side], 0xff, canon->threads_count * sizeof(uint32_t));
		memset(pairing->objects[side], 0xff, canon->objects_count * sizeof(uint32_t));
	}
	if (!rc)
		rc = calls_translate(old->catalogue, new->catalogue, &pairing->calls);
	if (!rc)
		rc = pairing_make_threads(pairing);
	if (!rc)
		rc = pair_objects(pairing);
	if (rc)
		pairing_free(pairing);
	return rc;
}

void pairing_free(struct pairing *pairing)
{
	for (unsigned side = 0; side < SIDES; side++) {
		free(pairing->threads[side]);
		free(pairing->classes[side]);
		free(pairing->objects[side]);
		free(pairing->identifiers[side]);
	}
	free(pairing->calls);
	*pairing = (struct pairing){0};
}
