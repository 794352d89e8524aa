// SPDX-License-Identifier: MIT
/*
 * What a process did or did not get done before another one told it to end, and whether it had to be told.
 */
#include "reader/diff_noise_pass.h"

#include <errno.h>
#include <stdlib.h>

/* Which tokens of a side are in edits that say that the other side lacks them, a byte each; NULL when out of memory. */
static uint8_t *list_lone(const struct settling *settling, unsigned side)
{
	uint8_t *lone = calloc(settling->pairing->canons[side]->tokens_count + 1ull, 1);

	for (uint32_t i = 0; lone && i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		if (edit->kind == (side == SIDE_OLD ? EDIT_REMOVED : EDIT_ADDED))
			lone[side == SIDE_OLD ? edit->old : edit->new] = 1;
	}
	return lone;
}

/* The first of the calls in a row that the other side lacks, of which `token` is one. */
static uint32_t find_first(const struct settling *settling, unsigned side, uint32_t token, const uint8_t *lone)
{
	const struct strands *strands = &settling->strands[side];
	uint32_t place = place_of(settling, side, token), from = strands->rows[strands->of_token[token]].from;

	while (place > from && lone[strands->list[place - 1]])
		place--;
	return strands->list[place];
}

/* When a signal came to the process of the strand, 0: never, or that is not all that it does. */
static uint64_t told_at(const struct settling *settling, unsigned side, uint32_t strand)
{
	const struct strand *row = strand == CANON_NONE ? NULL : &settling->strands[side].rows[strand];

	return row && row->kind == STRAND_SPINE ? settling->pairing->canons[side]->threads[row->thread].told : 0;
}

/*
 * Whether the run that lacks the calls was told before it would have made them, and the other one later. Who waited
 * when it was told had done all that it wanted to; but of what came in meanwhile it is chance whether it is still
 * taken.
 */
static bool came_less_far(const struct settling *settling, const struct edit *edit, uint8_t *const lone[SIDES])
{
	unsigned side = edit->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
	uint64_t told = told_at(settling, side, edit->strands[side]);
	uint64_t told_there = told_at(settling, !side, edit->strands[!side]);

	if (!told || !told_there)
		return false;
	uint32_t index = find_first(settling, side, side == SIDE_OLD ? edit->old : edit->new, lone[side]);
	const struct canon_token *first = token_of(settling, side, index);
	const struct canon_token *next = token_of(settling, !side, edit->next);
	bool is_told = !next || next->enter > told_there;
	bool has_waited = next && next->flags & TOKEN_WOKEN;
	bool is_taken = first->flags & TOKEN_RECEIVES && first->flags & TOKEN_WOKEN;
	return is_told && (has_waited ? is_taken : first->enter < told);
}

int settle_told(struct settling *settling)
{
	uint8_t *lone[SIDES] = {list_lone(settling, SIDE_OLD), list_lone(settling, SIDE_NEW)};
	int rc = lone[SIDE_OLD] && lone[SIDE_NEW] ? 0 : -ENOMEM;

	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		if (edit_is_alone(edit) && came_less_far(settling, edit, lone))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
	free(lone[SIDE_OLD]);
	free(lone[SIDE_NEW]);
	return rc;
}

/* ---- who ends by himself -------------------------------------------------------------------------------------- */

/* Who made the process, whatever it has executed since; CANON_NONE: nobody who is known. */
static uint32_t maker_of(const struct canon *canon, uint32_t thread)
{
	uint32_t parent = canon->threads[thread].parent;

	while (parent != CANON_NONE && canon->threads[parent].pid == canon->threads[thread].pid)
		parent = canon->threads[parent].parent;
	return parent;
}

/* Whether the token is the last signal that a thread sent to a child of its own. */
static bool tells_child(const struct canon *canon, const struct canon_token *token)
{
	for (uint32_t i = 0; i < canon->threads_count; i++)
		if (canon->threads[i].told == token->enter && maker_of(canon, i) == token->sort->thread)
			return true;
	return false;
}

/* The token of an edit that only one side has; NULL: both have it. */
static const struct canon_token *lone_token(const struct settling *settling, const struct edit *edit)
{
	if (edit->noise || !edit_is_alone(edit))
		return NULL;
	return edit->kind == EDIT_REMOVED ? token_of(settling, SIDE_OLD, edit->old)
					  : token_of(settling, SIDE_NEW, edit->new);
}

/* Where the other run has the same thread learn of an end of which this one does not; NULL: nowhere. */
static struct edit *find_reap(const struct settling *settling, const struct edit *told, uint32_t thread)
{
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		const struct canon_token *token = lone_token(settling, edit);
		if (token && edit->kind != told->kind && token->flags & TOKEN_REAPS &&
		    settling->pairing->threads[edit->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW][token->sort->thread] ==
			    thread)
			return edit;
	}
	return NULL;
}

/* A child that has ended is not told to end any more, and who has told it to end may go without waiting for that. */
void settle_overtaken(struct settling *settling)
{
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		const struct canon_token *token = lone_token(settling, edit);
		unsigned side = edit->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
		if (!token || !tells_child(settling->pairing->canons[side], token))
			continue;
		struct edit *reap = find_reap(settling, edit, token->sort->thread);
		if (!reap)
			continue;
		settle_mark(settling, edit, NOISE_SCHEDULE);
		settle_mark(settling, reap, NOISE_SCHEDULE);
	}
}
