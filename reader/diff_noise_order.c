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

static const struct canon_thread *thread_of(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[side];

	return &canon->threads[canon->tokens[token].sort->thread];
}

/* Where among the calls of one readiness the token stands: the number of wake-ups of its strand before it. */
static uint32_t wakes_before(const struct settling *settling, unsigned side, uint32_t strand, uint32_t token)
{
	const struct strands *strands = &settling->strands[side];
	const struct strand *row = &strands->rows[strand];
	uint32_t wakes = 0;

	for (uint32_t i = row->from; i <= place_of(settling, side, token); i++)
		wakes += token_of(settling, side, strands->list[i])->flags & TOKEN_WOKEN ? 1 : 0;
	return wakes;
}

/* The place beside that of the token in its strand, or CANON_NONE. */
static uint32_t place_beside(const struct settling *settling, unsigned side, uint32_t token, int step)
{
	const struct strands *strands = &settling->strands[side];
	const struct strand *row = &strands->rows[strands->of_token[token]];
	uint32_t place = place_of(settling, side, token) + (uint32_t)step;

	return place >= row->from && place < row->from + row->count ? place : CANON_NONE;
}

/*
 * Whether a wait for readiness lay between the two calls that changed places, on either side: then both were ready, and
 * in the other run only one of them.
 */
static bool is_parted(const struct settling *settling, const struct edit *edit)
{
	const struct strands *strands = settling->strands;

	for (int step = -1; step <= 1; step += 2) {
		uint32_t old = place_beside(settling, SIDE_OLD, edit->old, step);
		uint32_t new = place_beside(settling, SIDE_NEW, edit->new, -step);
		if (old == CANON_NONE || new == CANON_NONE ||
		    token_coarse(&strands[SIDE_OLD], strands[SIDE_OLD].list[old]) !=
			    token_coarse(&strands[SIDE_NEW], strands[SIDE_NEW].list[new]))
			continue;
		uint32_t later_old = step > 0 ? strands[SIDE_OLD].list[old] : edit->old;
		uint32_t later_new = step > 0 ? edit->new : strands[SIDE_NEW].list[new];
		uint16_t flags =
			token_of(settling, SIDE_OLD, later_old)->flags | token_of(settling, SIDE_NEW, later_new)->flags;
		if (flags & TOKEN_WOKEN)
			return true;
	}
	return false;
}

/* Whether a thread that waits for readiness did it after another wait: nothing says that the order means something. */
static bool is_other_wake(const struct settling *settling, const struct edit *edit)
{
	if (!thread_of(settling, SIDE_OLD, edit->old)->dispatches)
		return false;
	if (settling->strands[SIDE_OLD].rows[edit->strands[0]].kind != STRAND_SPINE)
		return false;
	if (is_parted(settling, edit))
		return true;
	return wakes_before(settling, SIDE_OLD, edit->strands[0], edit->old) !=
	       wakes_before(settling, SIDE_NEW, edit->strands[1], edit->new);
}

/* The first object of a token, as both sides know it; 0: none. */
static uint64_t subject_of(const struct settling *settling, unsigned side, uint32_t token)
{
	uint32_t object = token_of(settling, side, token)->sort->objects[0];

	return object == CANON_NONE ? 0 : settling->pairing->identifiers[side][object];
}

/* Whether a neighbour that it may have changed places with is about the same thing. */
static bool jumps_its_like(const struct settling *settling, const struct edit *edit)
{
	const struct strands *strands = &settling->strands[SIDE_OLD];
	const struct strand *row = &strands->rows[edit->strands[SIDE_OLD]];
	uint32_t place = place_of(settling, SIDE_OLD, edit->old);
	uint64_t subject = subject_of(settling, SIDE_OLD, edit->old);

	for (uint32_t i = place ? place - 1 : 0; subject && i <= place + 1; i++)
		if (i != place && i >= row->from && i < row->from + row->count &&
		    subject_of(settling, SIDE_OLD, strands->list[i]) == subject)
			return true;
	return false;
}

/*
 * A changed order matters when both calls are on one object, or when somebody traced is at the other end or may wait
 * for what they do: the neighbour that was jumped over tells.
 */
static bool is_causal(const struct settling *settling, const struct edit *edit)
{
	const struct strands *strands = &settling->strands[SIDE_OLD];
	const struct strand *row = &strands->rows[edit->strands[SIDE_OLD]];
	const uint16_t acts = TOKEN_SENDS | TOKEN_RECEIVES | TOKEN_FORKS | TOKEN_WAITS;
	uint32_t place = place_of(settling, SIDE_OLD, edit->old);
	const struct canon_token *own = token_of(settling, SIDE_OLD, edit->old);

	for (uint32_t i = place ? place - 1 : 0; i <= place + 1; i++) {
		if (i == place || i < row->from || i >= row->from + row->count)
			continue;
		uint32_t near = strands->list[i];
		if (subject_of(settling, SIDE_OLD, near) == subject_of(settling, SIDE_OLD, edit->old))
			return true;
		if (own->flags & acts && token_of(settling, SIDE_OLD, near)->flags & acts)
			return true;
	}
	return false;
}

/* Memory and locks of a process with several threads are had and given back by whoever comes first. */
static bool is_private(const struct settling *settling, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = &canon->tokens[edit->old];
	uint32_t object = old->sort->objects[0] != CANON_NONE ? old->sort->objects[0] : old->sort->objects[1];
	bool is_shared = canon->threads[old->sort->thread].is_common;

	return is_shared && object != CANON_NONE && canon->objects[object].is_private &&
	       old->flags & (TOKEN_MAKES | TOKEN_ENDS);
}

/* What a thread wants to be woken by changes when it would have to wait, and that is a matter of time. */
static bool is_readiness(const struct settling *settling, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = &canon->tokens[edit->old];

	return canon->threads[old->sort->thread].dispatches && !(old->flags & TOKEN_MAKES) &&
	       !strcmp(canon->catalogue->calls[old->sort->call].family, "poll");
}

/* Whether it matters that a call stands elsewhere in its strand. */
static void judge_order(struct settling *settling, struct edit *edit)
{
	edit->kind = EDIT_REORDERED;
	edit->is_causal = is_causal(settling, edit);
	if ((is_other_wake(settling, edit) && !jumps_its_like(settling, edit)) || is_private(settling, edit) ||
	    is_readiness(settling, edit))
		settle_mark(settling, edit, NOISE_SCHEDULE);
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
	if (is_same) {
		judge_order(settling, removed);
		return;
	}
	removed->kind = EDIT_MOVED;
	const struct pairing *pairing = settling->pairing;
	uint32_t old = token_of(settling, SIDE_OLD, removed->old)->sort->thread;
	uint32_t new = token_of(settling, SIDE_NEW, removed->new)->sort->thread;
	bool is_class =
		pairing->classes[SIDE_OLD][old] && pairing->classes[SIDE_OLD][old] == pairing->classes[SIDE_NEW][new];
	if (is_class || is_private(settling, removed))
		settle_mark(settling, removed, NOISE_SCHEDULE);
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->edit < b->edit ? -1 : a->edit > b->edit;
}

/* The removed ones, or the added ones, by what they are; with `own` also by where. */
static uint32_t list_places(struct settling *settling, enum edit_kind kind, bool own, struct place *places)
{
	unsigned side = kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
	uint32_t count = 0;

	for (uint32_t i = 0; i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		if (edit->kind != kind || edit->noise)
			continue;
		uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
		uint64_t key = full_of(settling, side, token);
		places[count++] = (struct place){own ? mix(key, edit->strands[SIDE_OLD]) : key, i};
	}
	qsort(places, count, sizeof(*places), compare_places);
	return count;
}

void settle_moves(struct settling *settling, bool own, struct place *removed, struct place *added)
{
	uint32_t removed_count = list_places(settling, EDIT_REMOVED, own, removed);
	uint32_t added_count = list_places(settling, EDIT_ADDED, own, added);
	uint32_t i = 0, k = 0;

	while (i < removed_count && k < added_count) {
		if (removed[i].key < added[k].key) {
			i++;
		} else if (removed[i].key > added[k].key) {
			k++;
		} else {
			join_edits(settling, &settling->edits->rows[removed[i].edit],
				   &settling->edits->rows[added[k].edit]);
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
	judge_order(settling, there);
	if (full_of(settling, SIDE_OLD, here->old) == full_of(settling, SIDE_NEW, here->new))
		judge_order(settling, here);
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
	return old->sort->call == new->sort->call && !old->sort->error != !new->sort->error &&
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
