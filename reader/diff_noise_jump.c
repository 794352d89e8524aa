// SPDX-License-Identifier: MIT
/*
 * What reordered calls have jumped over, and whether that means something. Calls that moved together, as a block, have
 * kept their order among themselves; and what was jumped over is not only what stood beside.
 */
#include "reader/diff_noise_pass.h"
#include "reader/diff_token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* So many calls are looked at in one jump; who goes farther has passed by somebody it matters to. */
#define JUMP_MAX 1024u
/* Edits that may have crossed each other are near each other. */
#define CROSSED_NEAR 64u

/* Something about two tokens of the old run. */
typedef bool call_test(const struct settling *settling, uint32_t own, uint32_t other);

struct jumps {
	struct settling *settling;
	uint32_t *anchors[SIDES]; /* by place in the lists of the strands: how many before it are no edits */
	bool *is_counted;	  /* by old strand */
};

/* ---- what was jumped over ------------------------------------------------------------------------------------- */

/* Those that are no edits are the same on both sides, in the same order: what else there is moves along them. */
static void count_anchors(struct jumps *jumps, const uint32_t pair[SIDES])
{
	const struct settling *settling = jumps->settling;

	if (jumps->is_counted[pair[SIDE_OLD]])
		return;
	jumps->is_counted[pair[SIDE_OLD]] = true;
	for (unsigned side = 0; side < SIDES; side++) {
		const struct strands *strands = &settling->strands[side];
		const struct strand *row = &strands->rows[pair[side]];
		uint32_t count = 0;
		for (uint32_t i = row->from; i < row->from + row->count; i++) {
			jumps->anchors[side][i] = count;
			count += !settling->edited[side][strands->list[i]];
		}
	}
}

static bool jumps_anchor(const struct jumps *jumps, const struct edit *edit, call_test *test)
{
	const struct settling *settling = jumps->settling;
	const struct strands *strands = &settling->strands[SIDE_OLD];
	const struct strand *row = &strands->rows[edit->strands[SIDE_OLD]];
	uint32_t place = place_of(settling, SIDE_OLD, edit->old);
	int64_t distance = (int64_t)jumps->anchors[SIDE_NEW][place_of(settling, SIDE_NEW, edit->new)] -
			   jumps->anchors[SIDE_OLD][place];
	int64_t step = distance < 0 ? -1 : 1, at = (int64_t)place + (distance < 0 ? -1 : 0);

	for (uint32_t seen = 0; distance && at >= row->from && at < (int64_t)row->from + row->count; at += step) {
		uint32_t other = strands->list[at];
		if (++seen > JUMP_MAX)
			return true;
		if (settling->edited[SIDE_OLD][other])
			continue;
		if (test(settling, edit->old, other))
			return true;
		distance -= step;
	}
	return false;
}

/* The same of other edits that stood before it and stand behind it now, or the other way round. */
static bool crosses_edit(const struct settling *settling, uint32_t index, call_test *test)
{
	const struct edits *edits = settling->edits;
	const struct edit *edit = &edits->rows[index];
	uint32_t from = index > CROSSED_NEAR ? index - CROSSED_NEAR : 0;

	for (uint32_t i = from; i < edits->count && i <= index + CROSSED_NEAR; i++) {
		const struct edit *other = &edits->rows[i];
		bool is_here = other->strands[SIDE_OLD] == edit->strands[SIDE_OLD] &&
			       other->strands[SIDE_NEW] == edit->strands[SIDE_NEW];
		if (i == index || !is_here || other->old == CANON_NONE || other->new == CANON_NONE)
			continue;
		bool is_crossed = (other->old < edit->old) != (other->new < edit->new);
		if (is_crossed && test(settling, edit->old, other->old))
			return true;
	}
	return false;
}

static bool jumps_any(const struct jumps *jumps, uint32_t index, call_test *test)
{
	return jumps_anchor(jumps, &jumps->settling->edits->rows[index], test) ||
	       crosses_edit(jumps->settling, index, test);
}

/* ---- whether it matters --------------------------------------------------------------------------------------- */

/* The first object of a token, as both sides know it; 0: none. */
static uint64_t subject_of(const struct settling *settling, uint32_t token)
{
	uint32_t object = token_of(settling, SIDE_OLD, token)->sort->objects[0];

	return object == CANON_NONE ? 0 : settling->pairing->identifiers[SIDE_OLD][object];
}

static bool is_its_like(const struct settling *settling, uint32_t own, uint32_t other)
{
	uint64_t subject = subject_of(settling, own);

	return subject && subject == subject_of(settling, other);
}

/* Whether somebody else can tell when it was done: who hears it, or who it waits for. Nobody is told that a file is
 * read. */
static bool is_heard(const struct settling *settling, uint32_t index)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *token = &canon->tokens[index];
	bool is_file =
		token->sort->objects[0] != CANON_NONE && canon->objects[token->sort->objects[0]].type == OBJECT_FILE;

	return token->flags & (TOKEN_SENDS | TOKEN_FORKS) ||
	       (!is_file && token->flags & (TOKEN_RECEIVES | TOKEN_WAITS));
}

/*
 * A changed order matters when both calls are on one object, or when somebody traced is at the other end or may wait
 * for what they do.
 */
static bool is_related(const struct settling *settling, uint32_t own, uint32_t other)
{
	return is_its_like(settling, own, other) || (is_heard(settling, own) && is_heard(settling, other));
}

/* ---- whether it is chance ------------------------------------------------------------------------------------- */

static const struct canon_thread *thread_of(const struct settling *settling, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];

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
		uint32_t flags =
			token_of(settling, SIDE_OLD, later_old)->flags | token_of(settling, SIDE_NEW, later_new)->flags;
		if (flags & TOKEN_WOKEN)
			return true;
	}
	return false;
}

/* Whether a thread that waits for readiness did it after another wait: nothing says that the order means something. */
static bool is_other_wake(const struct settling *settling, const struct edit *edit)
{
	if (!thread_of(settling, edit->old)->dispatches)
		return false;
	if (settling->strands[SIDE_OLD].rows[edit->strands[0]].kind != STRAND_SPINE)
		return false;
	if (is_parted(settling, edit))
		return true;
	return wakes_before(settling, SIDE_OLD, edit->strands[0], edit->old) !=
	       wakes_before(settling, SIDE_NEW, edit->strands[1], edit->new);
}

bool settle_is_private(const struct settling *settling, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = &canon->tokens[edit->old];
	uint32_t object = old->sort->objects[0] != CANON_NONE ? old->sort->objects[0] : old->sort->objects[1];
	bool is_shared = canon->threads[old->sort->thread].is_common;

	return is_shared && object != CANON_NONE && canon->objects[object].is_private &&
	       old->flags & (TOKEN_MAKES | TOKEN_ENDS);
}

/*
 * A call of the old run that has or gives back memory of the process's own. Interpreters do it when their heaps are
 * full, which depends on the order of their hashes.
 */
static bool is_memory(const struct settling *settling, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = &canon->tokens[token];
	uint32_t object = old->sort->objects[0] != CANON_NONE ? old->sort->objects[0] : old->sort->objects[1];

	return old->flags & (TOKEN_MAKES | TOKEN_ENDS) && object != CANON_NONE &&
	       canon->objects[object].type == OBJECT_MAPPING && canon->objects[object].is_private;
}

static bool is_no_memory(const struct settling *settling, uint32_t own, uint32_t other)
{
	return !is_memory(settling, other);
}

/* Whether only memory has come to stand elsewhere among calls that are about something else. */
static bool is_memory_moved(struct jumps *jumps, uint32_t index)
{
	const struct edit *edit = &jumps->settling->edits->rows[index];

	return !edit->is_causal && (is_memory(jumps->settling, edit->old) || !jumps_any(jumps, index, is_no_memory));
}

/* What a thread wants to be woken by changes when it would have to wait, and that is a matter of time. */
static bool is_readiness(const struct settling *settling, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[SIDE_OLD];
	const struct canon_token *old = &canon->tokens[edit->old];

	return thread_of(settling, edit->old)->dispatches && !(old->flags & TOKEN_MAKES) &&
	       !strcmp(canon->catalogue->calls[old->sort->call].family, "poll");
}

/* Whether the thread was at something else directly before. */
static bool comes_from_elsewhere(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct strands *strands = &settling->strands[side];
	uint32_t thread = canon->tokens[token].sort->thread;

	for (uint32_t seen = 1; seen <= JUMP_MAX && seen <= token; seen++)
		if (canon->tokens[token - seen].sort->thread == thread)
			return strands->of_token[token - seen] != strands->of_token[token];
	return false;
}

/*
 * Whether it is done with something that belongs to a connection, and not with that, while the thread is at another
 * one: for whom it is done, and when that is, has nothing to do with what else the connection goes through.
 */
static bool is_for_another(const struct settling *settling, const struct edit *edit)
{
	const struct strand *row = &settling->strands[SIDE_OLD].rows[edit->strands[SIDE_OLD]];
	const uint32_t *objects = token_of(settling, SIDE_OLD, edit->old)->sort->objects;

	return row->kind == STRAND_SESSION && objects[0] != row->object && objects[1] != row->object &&
	       (comes_from_elsewhere(settling, SIDE_OLD, edit->old) ||
		comes_from_elsewhere(settling, SIDE_NEW, edit->new));
}

/* Whether the token ends something and all that its strand does behind it is to end other files, too. */
static bool is_last_end(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct strands *strands = &settling->strands[side];
	const struct strand *row = &strands->rows[strands->of_token[token]];

	for (uint32_t i = place_of(settling, side, token); i < row->from + row->count; i++) {
		const struct canon_token *own = token_of(settling, side, strands->list[i]);
		uint32_t object = own->sort->objects[0];
		if (!(own->flags & TOKEN_ENDS) || canon->objects[object].type != OBJECT_FILE)
			return false;
	}
	return true;
}

/* In which order a thread closes the files that it has left is as they lie in a table, by numbers or by hashes. */
static bool is_cleaning_up(const struct settling *settling, const struct edit *edit)
{
	return is_last_end(settling, SIDE_OLD, edit->old) && is_last_end(settling, SIDE_NEW, edit->new);
}

static void judge_order(struct jumps *jumps, uint32_t index)
{
	struct settling *settling = jumps->settling;
	struct edit *edit = &settling->edits->rows[index];

	count_anchors(jumps, edit->strands);
	edit->is_causal = jumps_any(jumps, index, is_related);
	if (settling->strands[SIDE_OLD].rows[edit->strands[SIDE_OLD]].kind == STRAND_REAP ||
	    (is_other_wake(settling, edit) && !jumps_any(jumps, index, is_its_like)) ||
	    settle_is_private(settling, edit) || is_memory_moved(jumps, index) || is_readiness(settling, edit) ||
	    (!edit->is_causal && (is_for_another(settling, edit) || is_cleaning_up(settling, edit))))
		settle_mark(settling, edit, NOISE_SCHEDULE);
}

static int prepare(struct jumps *jumps)
{
	const struct settling *settling = jumps->settling;
	int rc = 0;

	jumps->is_counted = calloc(settling->strands[SIDE_OLD].count + 1ull, sizeof(*jumps->is_counted));
	for (unsigned side = 0; side < SIDES; side++) {
		/* pages of strands without such edits are never touched */
		jumps->anchors[side] =
			calloc(settling->pairing->canons[side]->tokens_count + 1ull, sizeof(*jumps->anchors[side]));
		rc = jumps->anchors[side] ? rc : -ENOMEM;
	}
	return jumps->is_counted ? rc : -ENOMEM;
}

int settle_orders(struct settling *settling)
{
	struct jumps jumps = {.settling = settling};
	int rc = prepare(&jumps);

	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		/* what was said too early is known to matter */
		if (edit->kind == EDIT_REORDERED && !edit->noise && !edit->is_causal)
			judge_order(&jumps, i);
	}
	free(jumps.is_counted);
	free(jumps.anchors[SIDE_OLD]);
	free(jumps.anchors[SIDE_NEW]);
	return rc;
}
