// SPDX-License-Identifier: MIT
/*
 * Calls that are only elsewhere: removed here and added there.
 */
#include "reader/diff_noise_pass.h"
#include "reader/diff_token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- calls elsewhere ------------------------------------------------------------------------------------------ */

/* Whether each is about its own connection, and these are two: by itself each looks the same. */
static bool is_other_connection(const struct settling *settling, uint32_t old, uint32_t new)
{
	const struct pairing *pairing = settling->pairing;
	uint32_t from = token_of(settling, SIDE_OLD, old)->sort->objects[0];
	uint32_t to = token_of(settling, SIDE_NEW, new)->sort->objects[0];

	if (from == CANON_NONE || to == CANON_NONE)
		return false;
	const struct canon_object *object = &pairing->canons[SIDE_OLD]->objects[from];
	bool has_partners =
		pairing->objects[SIDE_OLD][from] != CANON_NONE && pairing->objects[SIDE_NEW][to] != CANON_NONE;
	return (object->is_accepted || object->is_client) && has_partners && pairing->objects[SIDE_OLD][from] != to;
}

/*
 * Whether the call, which carries nothing, was made on a connection because it was the first one that was accepted, as
 * to find out once what holds for all. Which of those that come at one time is the first is chance.
 */
static bool is_of_first(const struct settling *settling, uint32_t old, uint32_t new)
{
	const struct canon *const *canons = settling->pairing->canons;
	const struct canon_token *from = token_of(settling, SIDE_OLD, old), *to = token_of(settling, SIDE_NEW, new);

	return canons[SIDE_OLD]->objects[from->sort->objects[0]].is_accepted &&
	       !canons[SIDE_OLD]->objects[from->sort->objects[0]].ordinal &&
	       !canons[SIDE_NEW]->objects[to->sort->objects[0]].ordinal && !from->bytes &&
	       !((from->flags | to->flags) & (TOKEN_MAKES | TOKEN_ENDS | TOKEN_SENDS | TOKEN_RECEIVES));
}

/* Joins `removed` and `added`, which are the same call. */
static void join_edits(struct settling *settling, struct edit *removed, struct edit *added)
{
	removed->new = added->new;
	bool is_same = removed->strands[0] != CANON_NONE && removed->strands[0] == added->strands[0] &&
		       removed->strands[1] == added->strands[1];
	removed->strands[SIDE_NEW] = added->strands[SIDE_NEW];
	added->kind = EDIT_MOVED;
	added->old = added->new = CANON_NONE;
	removed->kind = is_same ? EDIT_REORDERED : EDIT_MOVED;
	if (is_same)
		return;
	if (is_other_connection(settling, removed->old, removed->new)) {
		removed->kind = EDIT_CHANGED;
		removed->is_misdirected = true;
		if (is_of_first(settling, removed->old, removed->new))
			settle_mark(settling, removed, NOISE_SCHEDULE);
		return;
	}
	const struct pairing *pairing = settling->pairing;
	uint32_t old = token_of(settling, SIDE_OLD, removed->old)->sort->thread;
	uint32_t new = token_of(settling, SIDE_NEW, removed->new)->sort->thread;
	bool is_class =
		pairing->classes[SIDE_OLD][old] && pairing->classes[SIDE_OLD][old] == pairing->classes[SIDE_NEW][new];
	if (is_class || settle_is_private(settling, removed))
		settle_mark(settling, removed, NOISE_SCHEDULE);
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->edit < b->edit ? -1 : a->edit > b->edit;
}

/* What is read or written at a place of a file is known by the place; 0: it is no such thing. */
static uint64_t placed_key(const struct settling *settling, unsigned side, uint32_t token, uint32_t strand)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *own = &canon->tokens[token];
	const struct call_spec *call = &canon->catalogue->calls[own->sort->call];
	uint32_t object = own->sort->objects[0];
	bool is_placed = false;

	for (unsigned i = 0; i < call->argc; i++)
		is_placed |= call->args[i].value.kind == KIND_OFFSET && call->args[i].value.direction == DIRECTION_NONE;
	if (!is_placed || object == CANON_NONE || canon->objects[object].type != OBJECT_FILE || !own->bytes)
		return 0;
	uint64_t what = mix(token_coarse(&settling->strands[side], token), own->sort->content);
	return mix(mix(what, own->bytes), strand);
}

/* What an edit of one token is found by; 0: in no way. */
static uint64_t place_key(const struct settling *settling, unsigned side, const struct edit *edit, enum move_way way)
{
	uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
	uint64_t class = settling->pairing->classes[side][token_of(settling, side, token)->sort->thread];

	switch (way) {
	case MOVE_WITHIN:
		return mix(full_of(settling, side, token), edit->strands[SIDE_OLD]);
	case MOVE_ANYWHERE:
		return full_of(settling, side, token);
	case MOVE_PLACED:
		return placed_key(settling, side, token, edit->strands[SIDE_OLD]);
	default:
		return class ? mix(class, token_coarse(&settling->strands[side], token)) : 0;
	}
}

/* The removed ones, or the added ones, by what they are. */
static uint32_t list_places(struct settling *settling, enum edit_kind kind, enum move_way way, struct place *places)
{
	unsigned side = kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
	uint32_t count = 0;

	for (uint32_t i = 0; i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		if (edit->kind != kind || edit->noise)
			continue;
		uint64_t key = place_key(settling, side, edit, way);
		if (key)
			places[count++] = (struct place){key, i};
	}
	qsort(places, count, sizeof(*places), compare_places);
	return count;
}

/* What one of several threads that do the same did, another one did otherwise. */
static void join_changed(struct edit *removed, struct edit *added)
{
	removed->kind = EDIT_CHANGED;
	removed->new = added->new;
	removed->strands[SIDE_NEW] = added->strands[SIDE_NEW];
	added->kind = EDIT_MOVED;
	added->old = added->new = CANON_NONE;
}

void settle_moves(struct settling *settling, enum move_way way, struct place *removed, struct place *added)
{
	uint32_t removed_count = list_places(settling, EDIT_REMOVED, way, removed);
	uint32_t added_count = list_places(settling, EDIT_ADDED, way, added);
	uint32_t i = 0, k = 0;

	while (i < removed_count && k < added_count) {
		if (removed[i].key < added[k].key) {
			i++;
		} else if (removed[i].key > added[k].key) {
			k++;
		} else {
			struct edit *from = &settling->edits->rows[removed[i].edit];
			struct edit *to = &settling->edits->rows[added[k].edit];
			if (way != MOVE_CHANGED)
				join_edits(settling, from, to);
			else if (from->strands[SIDE_NEW] != to->strands[SIDE_NEW])
				join_changed(from, to);
			i++;
			k++;
		}
	}
}

/* ---- calls that changed places -------------------------------------------------------------------------------- */

/* The changed ones by what they are on a side, strand by strand. */
static uint32_t list_changed(struct settling *settling, unsigned side, struct place *places)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		if (edit->kind != EDIT_CHANGED || edit->noise)
			continue;
		uint64_t key = full_of(settling, side, side == SIDE_OLD ? edit->old : edit->new);
		places[count++] = (struct place){mix(key, edit->strands[SIDE_OLD]), i};
	}
	qsort(places, count, sizeof(*places), compare_places);
	return count;
}

/* `here` became what stood at `there` before: that was reordered, and what follows it there follows here. */
static void join_places(struct settling *settling, struct edit *here, struct edit *there)
{
	uint32_t moved = here->new;

	here->new = there->new;
	there->new = moved;
	there->kind = EDIT_REORDERED;
	if (full_of(settling, SIDE_OLD, here->old) == full_of(settling, SIDE_NEW, here->new))
		here->kind = EDIT_REORDERED;
}

void settle_swaps(struct settling *settling, struct place *before, struct place *after)
{
	uint32_t before_count = list_changed(settling, SIDE_OLD, before);
	uint32_t after_count = list_changed(settling, SIDE_NEW, after);
	uint32_t i = 0, k = 0;

	while (i < before_count && k < after_count) {
		struct edit *there = &settling->edits->rows[before[i].edit];
		struct edit *here = &settling->edits->rows[after[k].edit];
		if (before[i].key < after[k].key || there->kind != EDIT_CHANGED) {
			i++;
		} else if (before[i].key > after[k].key || here->kind != EDIT_CHANGED || here == there) {
			k++;
		} else {
			if (full_of(settling, SIDE_NEW, here->new) == full_of(settling, SIDE_OLD, there->old))
				join_places(settling, here, there);
			i++;
			k++;
		}
	}
}

/* ---- calls that fail now ---------------------------------------------------------------------------------------- */

/* Such edits are near each other. */
#define FAILURE_NEAR 64u

/* Whether the new call is the old one, which now fails, or works. */
static bool is_other_outcome(const struct settling *settling, const struct edit *removed, const struct edit *added)
{
	if (removed->kind != EDIT_REMOVED || added->kind != EDIT_ADDED || removed->noise || added->noise ||
	    removed->strands[SIDE_OLD] != added->strands[SIDE_OLD] ||
	    removed->strands[SIDE_NEW] != added->strands[SIDE_NEW])
		return false;
	const struct canon_token *old = token_of(settling, SIDE_OLD, removed->old);
	const struct canon_token *new = token_of(settling, SIDE_NEW, added->new);
	return pairing_same_call(settling->pairing, old, new) && !old->sort->error != !new->sort->error &&
	       (old->flags | new->flags) & TOKEN_MAKES;
}

void settle_failures(struct settling *settling)
{
	struct edits *edits = settling->edits;

	for (uint32_t i = 0; i < edits->count; i++) {
		struct edit *one = &edits->rows[i];
		for (uint32_t k = i + 1; k < edits->count && k <= i + FAILURE_NEAR; k++) {
			struct edit *other = &edits->rows[k];
			bool is_first = is_other_outcome(settling, one, other);
			if (!is_first && !is_other_outcome(settling, other, one))
				continue;
			one->kind = EDIT_CHANGED;
			one->old = is_first ? one->old : other->old;
			one->new = is_first ? other->new : one->new;
			other->kind = EDIT_MOVED;
			other->old = other->new = CANON_NONE;
			break;
		}
	}
}
