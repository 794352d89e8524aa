// SPDX-License-Identifier: MIT
/*
 * What depends on which thread came first: timers, memory, the end of children.
 */
#include "reader/diff_noise_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- timers --------------------------------------------------------------------------------------------------- */

/* What timers did: by class of the thread, with all that it was done with. */
struct timed {
	struct map after_timeouts; /* in either run */
	struct map aside[SIDES];   /* in strands of their own */
};

static int learn_timers(struct settling *settling, unsigned side, struct timed *timed)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct strands *strands = &settling->strands[side];
	int rc = 0;

	if (!(canon->flags & (TOKEN_TIMER | TOKEN_DUE)))
		return 0;
	for (uint32_t i = 0; i < strands->count; i++) {
		const struct strand *strand = &strands->rows[i];
		for (uint32_t k = strand->from; !rc && k < strand->from + strand->count; k++) {
			const struct canon_token *token = &canon->tokens[strands->list[k]];
			uint64_t action = mix(settling->pairing->classes[side][token->sort->thread], strands->full[k]);
			if (token->flags & TOKEN_TIMER)
				rc = map_put(&timed->after_timeouts, action, settling);
			if (!rc && strand->kind == STRAND_TIMER)
				rc = map_put(&timed->aside[side], action, settling);
		}
	}
	return rc;
}

/* Whatever was done after a timeout, and that both runs' timers do at all. */
static bool is_timed(const struct settling *settling, const struct timed *timed, unsigned side, uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);
	uint64_t action = mix(settling->pairing->classes[side][token->sort->thread], full_of(settling, side, index));

	return map_get(&timed->after_timeouts, action) ||
	       (map_get(&timed->aside[SIDE_OLD], action) && map_get(&timed->aside[SIDE_NEW], action));
}

/* Whether it ends what nobody ends in the new run: that is no matter of time. */
static bool is_last_end(const struct settling *settling, const struct edit *edit)
{
	const struct canon_token *token = token_of(settling, SIDE_OLD, edit->old);
	uint32_t object = token->sort->objects[0];

	if (!(token->flags & TOKEN_ENDS) || object == CANON_NONE)
		return false;
	uint32_t partner = settling->pairing->objects[SIDE_OLD][object];
	/* of one of several that a call makes, and that is never used, nothing else is seen */
	if (partner == CANON_NONE)
		return settling->pairing->canons[SIDE_OLD]->objects[object].tokens == 1;
	return settling->pairing->canons[SIDE_NEW]->objects[partner].end == CANON_NONE;
}

int settle_timers(struct settling *settling)
{
	struct timed timed = {.after_timeouts = {0}};
	int rc = learn_timers(settling, SIDE_OLD, &timed);

	if (!rc)
		rc = learn_timers(settling, SIDE_NEW, &timed);
	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		bool is_removed = edit->kind == EDIT_REMOVED && is_timed(settling, &timed, SIDE_OLD, edit->old) &&
				  !is_last_end(settling, edit);
		if (is_removed || (edit->kind == EDIT_ADDED && is_timed(settling, &timed, SIDE_NEW, edit->new)))
			settle_mark(settling, edit, NOISE_TIMER);
	}
	map_clear(&timed.after_timeouts);
	map_clear(&timed.aside[SIDE_OLD]);
	map_clear(&timed.aside[SIDE_NEW]);
	return rc;
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

/* The memory that is only one process's, but of several threads, which an edit of one token makes or ends. */
static uint32_t memory_of(const struct settling *settling, unsigned side, const struct edit *edit)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *token = token_of(settling, side, side == SIDE_NEW ? edit->new : edit->old);

	if (!edit_is_alone(edit) || !(token->flags & (TOKEN_MAKES | TOKEN_ENDS)))
		return CANON_NONE;
	uint32_t object = token->sort->objects[0] != CANON_NONE ? token->sort->objects[0] : token->sort->objects[1];
	bool is_memory = object != CANON_NONE && canon->objects[object].type == OBJECT_MAPPING &&
			 canon->objects[object].is_private && canon->threads[token->sort->thread].is_common;
	return is_memory ? object : CANON_NONE;
}

/* How many mappings of the same sort as `object` are never ended. */
static uint32_t count_lasting(const struct settling *settling, unsigned side, uint64_t class)
{
	const struct canon *canon = settling->pairing->canons[side];
	uint32_t count = 0;

	for (uint32_t i = 0; i < canon->objects_count; i++)
		count += canon->objects[i].class_id == class && canon->objects[i].end == CANON_NONE;
	return count;
}

/* Of more sorts than this it is not asked what is kept of them. */
#define LASTING_MAX 64u

/*
 * Whether one of the sort is kept in both runs, whatever became of this one: then it is the allocator's choice which
 * and how many it keeps. `asked` has what was found out of a class.
 */
static bool is_kept(const struct settling *settling, uint64_t class, struct map *asked)
{
	static char yes, no;
	const char *known = map_get(asked, class | 1);

	if (!known && asked->count < LASTING_MAX) {
		uint32_t old = count_lasting(settling, SIDE_OLD, class), new = count_lasting(settling, SIDE_NEW, class);
		known = old && new &&old + new > 2 ? &yes : &no;
		if (map_put(asked, class | 1, (void *)known))
			return false;
	}
	return known == &yes;
}

/* How often an allocator asks for more depends on which thread of several needs it when; what it gives back is told. */
void settle_memory(struct settling *settling)
{
	struct map asked = {0};

	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		unsigned side = edit_side(edit);
		uint32_t object = memory_of(settling, side, edit);
		if (object == CANON_NONE)
			continue;
		const struct canon_token *token = token_of(settling, side, side == SIDE_NEW ? edit->new : edit->old);
		if (token->flags & TOKEN_MAKES ||
		    is_kept(settling, settling->pairing->canons[side]->objects[object].class_id, &asked))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
	map_clear(&asked);
}

/* ---- wake-ups ------------------------------------------------------------------------------------------------- */

/* How many more calls of the new run went one way. */
static int64_t count_more(const struct canon_object *old, const struct canon_object *new, unsigned way)
{
	return (int64_t) new->flows[way].tokens - old->flows[way].tokens;
}

/*
 * Whether wake-ups are more or fewer because it was waited more or fewer times: nobody has to wake who does not sleep,
 * and who sleeps hears of it.
 */
static bool is_heard_as_often(const struct canon_object *old, const struct canon_object *new)
{
	int64_t given = count_more(old, new, CANON_SENT), heard = count_more(old, new, CANON_RECEIVED);

	return given < 0 ? heard <= given : heard >= given;
}

/* How often a counter is read depends on how many wake-ups came together; that it is read at all counts. */
void settle_counters(struct settling *settling)
{
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		unsigned side = edit_side(edit);
		const struct canon *const *canons = settling->pairing->canons;
		if (!edit_is_alone(edit))
			continue;
		const struct canon_token *token = token_of(settling, side, side == SIDE_NEW ? edit->new : edit->old);
		uint32_t object = token->sort->objects[0];
		if (object == CANON_NONE || !canons[side]->objects[object].is_counter)
			continue;
		uint32_t partner = settling->pairing->objects[side][object];
		if (partner == CANON_NONE || canons[!side]->objects[partner].receiver == CANON_NONE)
			continue;
		const struct canon_object *old = &canons[SIDE_OLD]->objects[side == SIDE_OLD ? object : partner];
		const struct canon_object *new = &canons[SIDE_NEW]->objects[side == SIDE_NEW ? object : partner];
		if (token->flags & TOKEN_RECEIVES || (token->flags & TOKEN_SENDS && is_heard_as_often(old, new)))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
}

/* ---- pools ---------------------------------------------------------------------------------------------------- */

/* How many threads that work on connections which others accept the thread has made. */
static int64_t count_workers(const struct settling *settling, unsigned side, uint32_t maker)
{
	const struct canon *canon = settling->pairing->canons[side];
	int64_t count = 0;

	for (uint32_t i = 0; maker != CANON_NONE && i < canon->threads_count; i++)
		count += canon->threads[i].parent == maker && !canon->threads[i].is_process && canon->threads[i].handed;
	return count;
}

/* Whether the edit is that a thread is made on one side only, by a thread that is `maker` on the old side. */
static bool makes_worker(const struct settling *settling, const struct edit *edit, uint32_t maker)
{
	unsigned side = edit_side(edit);
	const struct canon_token *token = token_of(settling, side, side == SIDE_NEW ? edit->new : edit->old);

	if (edit->noise || !edit_is_alone(edit) || !(token->flags & TOKEN_FORKS))
		return false;
	return maker ==
	       (side == SIDE_OLD ? token->sort->thread : settling->pairing->threads[side][token->sort->thread]);
}

/*
 * A worker that is done before the next connection comes is given that one, and otherwise another one is made: as many
 * more are made as there are more. What they do is compared connection by connection.
 */
void settle_pools(struct settling *settling)
{
	for (uint32_t i = 0; i < settling->pairing->canons[SIDE_OLD]->threads_count; i++) {
		uint32_t partner = settling->pairing->threads[SIDE_OLD][i];
		int64_t old = count_workers(settling, SIDE_OLD, i), more = 0;
		if (!old)
			continue;
		for (uint32_t k = 0; k < settling->edits->count; k++)
			if (makes_worker(settling, &settling->edits->rows[k], i))
				more += settling->edits->rows[k].kind == EDIT_ADDED ? 1 : -1;
		if (!more || more != count_workers(settling, SIDE_NEW, partner) - old)
			continue;
		for (uint32_t k = 0; k < settling->edits->count; k++)
			if (makes_worker(settling, &settling->edits->rows[k], i))
				settle_mark(settling, &settling->edits->rows[k], NOISE_SCHEDULE);
	}
}

/* ---- the end of children -------------------------------------------------------------------------------------- */

/*
 * From when on a thread makes no more children but learns of the end of several: what it does then depends on who ended
 * first.
 */
static void find_endgames(struct settling *settling, unsigned side)
{
	const struct canon *canon = settling->pairing->canons[side];
	uint32_t *endgame = settling->endgame[side], *reaps = settling->reaps[side];

	for (uint32_t i = 0; canon->flags & TOKEN_REAPS && i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		if (token->flags & TOKEN_FORKS) {
			endgame[token->sort->thread] = CANON_NONE;
			reaps[token->sort->thread] = 0;
		} else if (token->flags & TOKEN_REAPS) {
			if (!reaps[token->sort->thread]++)
				endgame[token->sort->thread] = i;
		}
	}
	for (uint32_t i = 0; i < canon->threads_count; i++)
		if (reaps[i] < 2)
			endgame[i] = CANON_NONE;
}

static bool is_in_endgame(const struct settling *settling, unsigned side, uint32_t token)
{
	uint32_t thread = settling->pairing->canons[side]->tokens[token].sort->thread;

	return settling->endgame[side][thread] != CANON_NONE && token > settling->endgame[side][thread];
}

/* Who sees a child off to which the token is said alone, on a conversation of his making; CANON_NONE: nobody does. */
static uint32_t sees_off(const struct settling *settling, unsigned side, const struct canon_token *own)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_thread *child = &canon->threads[own->sort->thread];

	if (own->sort->objects[0] == CANON_NONE || own->sort->error || child->parent == CANON_NONE ||
	    !child->is_process)
		return CANON_NONE;
	const struct canon_object *object = &canon->objects[own->sort->objects[0]];
	bool is_its_own = object->is_stream && !object->is_accepted && !object->is_shared;
	return is_its_own && object->thread == child->parent && settling->endgame[side][child->parent] != CANON_NONE
		       ? child->parent
		       : CANON_NONE;
}

/* Whether a child hears about the end of another one, while its parent sees its children off. */
static bool hears_endgame(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct canon_token *own = token_of(settling, side, token);
	uint32_t parent = sees_off(settling, side, own);

	if (parent == CANON_NONE)
		return false;
	/* it may have begun to wait for that before */
	uint32_t endgame = settling->endgame[side][parent];
	return own->enter + own->duration > settling->pairing->canons[side]->tokens[endgame].enter;
}

/* The same where what was heard last was folded with what was heard before. */
static bool hears_more(const struct settling *settling, const struct edit *edit)
{
	const struct canon_token *old = token_of(settling, SIDE_OLD, edit->old);
	const struct canon_token *new = token_of(settling, SIDE_NEW, edit->new);

	return edit->kind == EDIT_CHANGED && old->flags & new->flags &TOKEN_RECEIVES && old->bytes != new->bytes &&
	       !new->sort->error &&sees_off(settling, SIDE_OLD, old) != CANON_NONE;
}

static bool is_endgame_edit(const struct settling *settling, const struct edit *edit)
{
	return (edit->old == CANON_NONE || is_in_endgame(settling, SIDE_OLD, edit->old)) &&
	       (edit->new == CANON_NONE || is_in_endgame(settling, SIDE_NEW, edit->new));
}

/* What threads that see their children off do at all. Only a token of such a thread is looked for here. */
static int list_deeds(const struct settling *settling, unsigned side, struct map *deeds)
{
	const struct canon *canon = settling->pairing->canons[side];
	int rc = 0;

	for (uint32_t i = 0; !rc && canon->flags & TOKEN_REAPS && i < canon->tokens_count; i++) {
		const struct canon_sort *sort = canon->tokens[i].sort;
		if (settling->endgame[side][sort->thread] != CANON_NONE)
			rc = map_put(deeds, mix(settling->pairing->classes[side][sort->thread], sort->key), deeds);
	}
	return rc;
}

/* Whether that is done at all in the other run: who ends first does not decide what is done, but how often and to whom.
 */
static bool is_done_there(const struct settling *settling, const struct edit *edit, const struct map deeds[SIDES])
{
	unsigned side = edit->old == CANON_NONE ? SIDE_NEW : SIDE_OLD;
	const struct canon_sort *sort = token_of(settling, side, side == SIDE_OLD ? edit->old : edit->new)->sort;

	return map_get(&deeds[!side], mix(settling->pairing->classes[side][sort->thread], sort->key)) != NULL;
}

/* Whether the same is told on another thing of the same sort: to another child, which is still there. */
static bool is_told_another(const struct settling *settling, const struct edit *edit)
{
	const struct canon_token *old = token_of(settling, SIDE_OLD, edit->old);
	const struct canon_token *new = token_of(settling, SIDE_NEW, edit->new);
	uint32_t from = old->sort->objects[0], to = new->sort->objects[0];

	return old->sort->key == new->sort->key && old->sort->content == new->sort->content &&
	       old->bytes == new->bytes && old->payload == new->payload &&from != CANON_NONE &&to != CANON_NONE &&
	       settling->pairing->canons[SIDE_OLD]->objects[from].class_id ==
		       settling->pairing->canons[SIDE_NEW]->objects[to].class_id;
}

/* An end that is missing is a leak whenever it is missing. */
int settle_endgames(struct settling *settling)
{
	struct map deeds[SIDES] = {{0}};
	int rc = 0;

	for (unsigned side = 0; !rc && side < SIDES; side++) {
		find_endgames(settling, side);
		rc = list_deeds(settling, side, &deeds[side]);
	}
	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		unsigned side = edit->old == CANON_NONE ? SIDE_NEW : SIDE_OLD;
		uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
		bool is_end = edit->kind != EDIT_REORDERED && token_of(settling, side, token)->flags & TOKEN_ENDS;
		bool is_own = is_endgame_edit(settling, edit) && !is_end &&
			      (edit->kind != EDIT_CHANGED || is_told_another(settling, edit)) &&
			      is_done_there(settling, edit, deeds);
		/* A call that is there, and does something else, is no matter of when. */
		bool is_other =
			edit->kind == EDIT_CHANGED && !(token_of(settling, side, token)->flags & TOKEN_RECEIVES);
		if (is_own || (!is_other && hears_endgame(settling, side, token)) || hears_more(settling, edit))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
	map_clear(&deeds[SIDE_OLD]);
	map_clear(&deeds[SIDE_NEW]);
	return rc;
}
