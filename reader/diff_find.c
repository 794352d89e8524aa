// SPDX-License-Identifier: MIT
/*
 * Strand by strand: alignment, then what is left between aligned tokens paired by likeness.
 */
#include "reader/diff_find.h"
#include "reader/align.h"
#include "reader/diff_blend.h"
#include "reader/diff_noise.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Between two aligned tokens, more than this is only paired in order. */
#define GAP_MAX 128u
/* Tokens that are worth a thread. */
#define PARALLEL_LEAST 10000u

struct finder {
	struct edits *edits;
	const struct pairing *pairing;
	const struct strands *strands;
	uint32_t pair[SIDES]; /* the strands being compared */
	const bool *is_own;   /* by old strand: which of them this finder compares */
	int rc;
};

static const struct canon_token *token_at(const struct finder *finder, unsigned side, uint32_t place)
{
	return &finder->pairing->canons[side]->tokens[finder->strands[side].list[place]];
}

static uint32_t list_at(const struct finder *finder, unsigned side, uint32_t place)
{
	return place == CANON_NONE ? CANON_NONE : finder->strands[side].list[place];
}

/* `next` is the place on the other side where an edit of one side would be, or CANON_NONE. */
static int add_edit(struct finder *finder, enum edit_kind kind, uint32_t old, uint32_t new, uint32_t next)
{
	struct edits *edits = finder->edits;

	if (edits->count == edits->room) {
		uint32_t room = edits->room ? 2 * edits->room : 256;
		struct edit *rows = reallocarray(edits->rows, room, sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		edits->rows = rows;
		edits->room = room;
	}
	edits->rows[edits->count++] =
		(struct edit){.kind = (uint8_t)kind,
			      .old = list_at(finder, SIDE_OLD, old),
			      .new = list_at(finder, SIDE_NEW, new),
			      .next = list_at(finder, old == CANON_NONE ? SIDE_OLD : SIDE_NEW, next),
			      .strands = {finder->pair[SIDE_OLD], finder->pair[SIDE_NEW]}};
	return 0;
}

/* ---- between aligned tokens ----------------------------------------------------------------------------------- */

static bool same_objects(const struct finder *finder, const struct canon_token *old, const struct canon_token *new)
{
	for (unsigned i = 0; i < 2; i++) {
		uint64_t a = old->sort->objects[i], b = new->sort->objects[i];
		a = a == CANON_NONE ? 0 : finder->pairing->identifiers[SIDE_OLD][a];
		b = b == CANON_NONE ? 0 : finder->pairing->identifiers[SIDE_NEW][b];
		if (a != b)
			return false;
	}
	return true;
}

static bool same_payload(const struct canon_token *old, const struct canon_token *new)
{
	return old->bytes && old->bytes == new->bytes && old->payload == new->payload;
}

/* How alike two calls are, the most alike first. */
static bool is_alike(const struct finder *finder, const struct canon_token *old, const struct canon_token *new,
		     unsigned likeness)
{
	const uint32_t way = TOKEN_SENDS | TOKEN_RECEIVES;

	switch (likeness) {
	case 0: /* on another object */
		return old->sort->key == new->sort->key && old->sort->content == new->sort->content &&
		       old->bytes == new->bytes && old->payload == new->payload;
	case 1: /* with other arguments, flags or outcome */
		return pairing_same_call(finder->pairing, old, new) && same_objects(finder, old, new);
	case 2: /* by another call */
		return old->flags & way && (old->flags & way) == (new->flags &way) && same_payload(old, new) &&
		       same_objects(finder, old, new);
	case 3:
		return pairing_same_call(finder->pairing, old, new) &&
		       (same_payload(old, new) || old->sort->content == new->sort->content);
	case 4: /* it failed, so that what it makes does not exist */
		return pairing_same_call(finder->pairing, old, new) && !old->sort->error != !new->sort->error;
	default:
		return false;
	}
}

#define LIKENESSES 5

struct gap {
	uint32_t from[SIDES], count[SIDES];
};

/* The place behind the gap on `side`, or CANON_NONE at the end of the strand. */
static uint32_t place_behind(const struct finder *finder, unsigned side, const struct gap *gap)
{
	const struct strand *strand = &finder->strands[side].rows[finder->pair[side]];
	uint32_t place = gap->from[side] + gap->count[side];

	return place < strand->from + strand->count ? place : CANON_NONE;
}

/* Tokens of a gap that were not paired. */
static int add_rest(struct finder *finder, const struct gap *gap, const bool *taken[SIDES])
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < gap->count[SIDE_OLD]; i++)
		if (!taken[SIDE_OLD] || !taken[SIDE_OLD][i])
			rc = add_edit(finder, EDIT_REMOVED, gap->from[SIDE_OLD] + i, CANON_NONE,
				      place_behind(finder, SIDE_NEW, gap));
	for (uint32_t i = 0; !rc && i < gap->count[SIDE_NEW]; i++)
		if (!taken[SIDE_NEW] || !taken[SIDE_NEW][i])
			rc = add_edit(finder, EDIT_ADDED, CANON_NONE, gap->from[SIDE_NEW] + i,
				      place_behind(finder, SIDE_OLD, gap));
	return rc;
}

static int close_gap(struct finder *finder, const struct gap *gap)
{
	bool old_taken[GAP_MAX] = {false}, new_taken[GAP_MAX] = {false};
	const bool *taken[SIDES] = {old_taken, new_taken}, *none[SIDES] = {NULL, NULL};
	int rc = 0;

	if (gap->count[SIDE_OLD] > GAP_MAX || gap->count[SIDE_NEW] > GAP_MAX)
		return add_rest(finder, gap, none);
	for (unsigned likeness = 0; likeness < LIKENESSES; likeness++) {
		for (uint32_t i = 0; i < gap->count[SIDE_OLD]; i++) {
			const struct canon_token *old = token_at(finder, SIDE_OLD, gap->from[SIDE_OLD] + i);
			for (uint32_t k = 0; !old_taken[i] && k < gap->count[SIDE_NEW]; k++) {
				const struct canon_token *new = token_at(finder, SIDE_NEW, gap->from[SIDE_NEW] + k);
				if (new_taken[k] || !is_alike(finder, old, new, likeness))
					continue;
				old_taken[i] = new_taken[k] = true;
				rc = add_edit(finder, EDIT_CHANGED, gap->from[SIDE_OLD] + i, gap->from[SIDE_NEW] + k,
					      CANON_NONE);
				if (rc)
					return rc;
			}
		}
	}
	return add_rest(finder, gap, taken);
}

/* ---- one pair of strands -------------------------------------------------------------------------------------- */

static void note_unaligned(struct finder *finder, const struct strand *const rows[SIDES],
			   const struct alignment *alignment)
{
	struct edits *edits = finder->edits;

	for (uint32_t i = 0; i < alignment->gaps_count; i++) {
		const struct align_gap *gap = &alignment->gaps[i];
		if (!edits->unaligned[SIDE_OLD] && !edits->unaligned[SIDE_NEW]) {
			edits->gap[SIDE_OLD] = finder->strands[0].list[rows[0]->from + gap->old_from];
			edits->gap[SIDE_NEW] = finder->strands[1].list[rows[1]->from + gap->new_from];
		}
		edits->unaligned[SIDE_OLD] += gap->old_to - gap->old_from;
		edits->unaligned[SIDE_NEW] += gap->new_to - gap->new_from;
	}
}

/* `blended` of the old side: what was compared in full was found in full. */
static int take_alignment(struct finder *finder, const struct strand *const rows[SIDES],
			  const struct alignment *alignment, const uint64_t *blended)
{
	uint32_t next[SIDES] = {rows[0]->from, rows[1]->from};
	int rc = 0;

	for (uint32_t i = 0; !rc && i <= rows[SIDE_OLD]->count; i++) {
		bool is_end = i == rows[SIDE_OLD]->count;
		uint32_t match = is_end ? rows[SIDE_NEW]->count : alignment->match[i];
		if (match == ALIGN_NONE)
			continue;
		uint32_t old = rows[SIDE_OLD]->from + i, new = rows[SIDE_NEW]->from + match;
		struct gap gap = {{next[0], next[1]}, {old - next[0], new - next[1]}};
		if (gap.count[0] || gap.count[1])
			rc = close_gap(finder, &gap);
		if (!rc && !is_end && is_blended(blended, i))
			rc = add_edit(finder, EDIT_CHANGED, old, new, CANON_NONE);
		next[0] = old + 1;
		next[1] = new + 1;
		finder->edits->compared += !is_end;
	}
	note_unaligned(finder, rows, alignment);
	return rc;
}

static int compare_strands(struct finder *finder, const struct strand *old, const struct strand *new)
{
	const struct strand *const rows[SIDES] = {old, new};
	const struct strands *strands = finder->strands;
	uint64_t *blended[SIDES] = {NULL, NULL};
	struct alignment alignment = {0};
	int rc;

	if (old->count == new->count && old->content == new->content) {
		finder->edits->compared += old->count;
		return 0;
	}
	rc = strands_blend(strands, rows, blended);
	if (!rc)
		rc = align_sequences(strands[0].full + old->from, old->count, strands[1].full + new->from, new->count,
				     0, &alignment);
	if (!rc)
		rc = take_alignment(finder, rows, &alignment, blended[SIDE_OLD]);
	alignment_free(&alignment);
	for (unsigned side = 0; side < SIDES; side++)
		strand_unblend(&strands[side], rows[side], blended[side]);
	return rc;
}

static int add_whole(struct finder *finder, unsigned side, uint32_t index)
{
	const struct strand *strand = &finder->strands[side].rows[index];
	int rc = 0;

	finder->pair[side] = index;
	finder->pair[!side] = CANON_NONE;
	for (uint32_t i = strand->from; !rc && i < strand->from + strand->count; i++)
		rc = side == SIDE_OLD ? add_edit(finder, EDIT_REMOVED, i, CANON_NONE, CANON_NONE)
				      : add_edit(finder, EDIT_ADDED, CANON_NONE, i, CANON_NONE);
	return rc;
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

static int compare_own(struct finder *finder)
{
	const struct strands *old = &finder->strands[SIDE_OLD], *new = &finder->strands[SIDE_NEW];
	int rc = 0;

	for (uint32_t i = 0; !rc && i < old->count; i++) {
		uint32_t partner = old->rows[i].partner;
		if (!finder->is_own[i])
			continue;
		finder->pair[SIDE_OLD] = i;
		finder->pair[SIDE_NEW] = partner;
		rc = partner == CANON_NONE ? add_whole(finder, SIDE_OLD, i)
					   : compare_strands(finder, &old->rows[i], &new->rows[partner]);
	}
	finder->rc = rc;
	return rc;
}

static void *compare_others(void *argument)
{
	compare_own(argument);
	return NULL;
}

/* Shares strands out by their length; returns whether the second of the two got any. */
static bool share_strands(const struct strands *old, bool *own, bool *others)
{
	uint64_t work = 0, others_work = 0;
	bool any = false;

	for (uint32_t i = 0; i < old->count; i++) {
		bool is_others = others_work + old->rows[i].count <= work;
		own[i] = !is_others;
		others[i] = is_others;
		*(is_others ? &others_work : &work) += old->rows[i].count;
		any |= is_others;
	}
	return any && work + others_work >= PARALLEL_LEAST;
}

/* Adds `more` to `edits`; both are in order of their old strands, and so is the result. Frees what it takes. */
static int merge_edits(struct edits *edits, struct edits *more)
{
	struct edit *rows = malloc((edits->count + (size_t)more->count + 1) * sizeof(*rows));
	uint32_t i = 0, k = 0, count = 0;

	while (rows && (i < edits->count || k < more->count)) {
		bool is_first = k == more->count || (i < edits->count && edits->rows[i].strands[SIDE_OLD] <
										 more->rows[k].strands[SIDE_OLD]);
		rows[count++] = is_first ? edits->rows[i++] : more->rows[k++];
	}
	if (!edits->unaligned[SIDE_OLD] && !edits->unaligned[SIDE_NEW])
		memcpy(edits->gap, more->gap, sizeof(edits->gap));
	for (unsigned side = 0; side < SIDES; side++)
		edits->unaligned[side] += more->unaligned[side];
	edits->compared += more->compared;
	free(more->rows);
	if (!rows)
		return -ENOMEM;
	free(edits->rows);
	edits->rows = rows;
	edits->count = count;
	edits->room = count + 1;
	return 0;
}

/* Old strands with their partners, by two threads when there is enough to do. */
static int compare_all(struct finder *finder, bool *shares)
{
	uint32_t count = finder->strands[SIDE_OLD].count;
	struct edits more = {0};
	struct finder others = *finder;
	pthread_t thread;

	finder->is_own = shares;
	others.edits = &more;
	others.is_own = shares + count;
	bool is_shared = share_strands(&finder->strands[SIDE_OLD], shares, shares + count);
	bool is_parallel = is_shared && !pthread_create(&thread, NULL, compare_others, &others);
	if (!is_parallel)
		memset(shares, 1, count);
	int rc = compare_own(finder);
	if (!is_parallel)
		return rc;
	pthread_join(thread, NULL);
	int merged = merge_edits(finder->edits, &more);
	return rc ? rc : others.rc ? others.rc : merged;
}

int edits_find(struct edits *edits, const struct pairing *pairing, const struct strands strands[SIDES])
{
	struct finder finder = {.edits = edits, .pairing = pairing, .strands = strands};
	bool *shares = calloc(2 * (size_t)strands[SIDE_OLD].count + 1, sizeof(*shares));
	int rc = shares ? 0 : -ENOMEM;

	*edits = (struct edits){0};
	if (!rc)
		rc = compare_all(&finder, shares);
	for (uint32_t i = 0; !rc && i < strands[SIDE_NEW].count; i++)
		if (strands[SIDE_NEW].rows[i].partner == CANON_NONE)
			rc = add_whole(&finder, SIDE_NEW, i);
	if (!rc)
		rc = edits_settle(edits, pairing, strands);
	free(shares);
	if (rc) {
		free(edits->rows);
		*edits = (struct edits){0};
	}
	return rc;
}
