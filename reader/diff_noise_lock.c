// SPDX-License-Identifier: MIT
/*
 * Semaphores that threads use as locks: who takes one first, whether it is free, and how often somebody looks whether
 * there is something to do, is chance. That each is given back before it is taken again is not.
 */
#include "reader/diff_noise_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 1 for a call that takes, -1 for one that gives back; 0: for no call, and for others. */
static int lock_step(const struct settling *settling, unsigned side, uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);

	if (!token || token->flags & (TOKEN_MAKES | TOKEN_ENDS))
		return 0;
	/* All that are about a semaphore alone and are no beginning or end: either they may have to wait, or it is
	 * this. */
	const struct call_spec *call = &settling->pairing->canons[side]->catalogue->calls[token->sort->call];
	return strcmp(call->name, "sem_post") ? 1 : -1;
}

/* Likewise for a call that makes one and one that ends it. */
static int life_step(const struct settling *settling, unsigned side, uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);

	return !token ? 0 : token->flags & TOKEN_MAKES ? 1 : token->flags & TOKEN_ENDS ? -1 : 0;
}

/* ---- locks of one process ------------------------------------------------------------------------------------- */

/* A call on a lock; when it took effect. */
struct lock_use {
	uint64_t when;
	uint32_t object;
	int step;
};

/* The lock of a process with several threads that the token is about, or CANON_NONE. */
static uint32_t lock_of(const struct settling *settling, unsigned side, uint32_t index)
{
	const struct canon *canon = settling->pairing->canons[side];
	const struct canon_token *token = &canon->tokens[index];
	uint32_t object = token->sort->objects[0];

	if (object == CANON_NONE || token->sort->error)
		return CANON_NONE;
	const struct canon_object *lock = &canon->objects[object];
	return lock->type == OBJECT_SEM && lock->is_private && lock->is_common ? object : CANON_NONE;
}

static int compare_uses(const void *left, const void *right)
{
	const struct lock_use *a = left, *b = right;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	if (a->when != b->when)
		return a->when < b->when ? -1 : 1;
	return a->step - b->step;
}

/* All calls on locks of a side, lock by lock in order of time; returns how many. */
static uint32_t list_uses(const struct settling *settling, unsigned side, struct lock_use *uses)
{
	const struct canon *canon = settling->pairing->canons[side];
	uint32_t count = 0;

	for (uint32_t i = 0; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		uint32_t object = lock_of(settling, side, i);
		int step = object == CANON_NONE ? 0 : lock_step(settling, side, i);
		if (!step)
			continue;
		/* It is given back before the call ends, and taken after it has begun. */
		uses[count++] = (struct lock_use){token->enter + (step > 0 ? token->duration : 0), object, step};
	}
	qsort(uses, count, sizeof(*uses), compare_uses);
	return count;
}

/* How often locks of a side were taken or given back twice in a row. 0 or -ENOMEM. */
static int count_faults(const struct settling *settling, unsigned side, uint32_t *faults)
{
	struct lock_use *uses = malloc((settling->pairing->canons[side]->tokens_count + 1ull) * sizeof(*uses));
	uint32_t count = uses ? list_uses(settling, side, uses) : 0;

	*faults = 0;
	for (uint32_t i = 1; i < count; i++)
		*faults += uses[i].object == uses[i - 1].object && uses[i].step == uses[i - 1].step;
	free(uses);
	return uses ? 0 : -ENOMEM;
}

/* Whether the edit is about nothing but locks. */
static bool is_lock_edit(const struct settling *settling, const struct edit *edit)
{
	const uint32_t tokens[SIDES] = {edit->old, edit->new};

	if (edit->noise || (edit->old == CANON_NONE && edit->new == CANON_NONE))
		return false;
	for (unsigned side = 0; side < SIDES; side++)
		if (tokens[side] != CANON_NONE && lock_of(settling, side, tokens[side]) == CANON_NONE)
			return false;
	return true;
}

/* What the edits about locks come to: how many more were taken than given back, and made than ended. */
struct lock_balance {
	int64_t taken, made;
	bool has_others; /* there are edits of other kinds than order */
};

static struct lock_balance sum_edits(const struct settling *settling)
{
	struct lock_balance balance = {0};

	for (uint32_t i = 0; i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		if (!is_lock_edit(settling, edit))
			continue;
		balance.has_others |= edit->kind != EDIT_REORDERED;
		balance.taken += lock_step(settling, SIDE_NEW, edit->new) - lock_step(settling, SIDE_OLD, edit->old);
		balance.made += life_step(settling, SIDE_NEW, edit->new) - life_step(settling, SIDE_OLD, edit->old);
	}
	return balance;
}

/* Whether a neighbour of the token in its strand is about a lock. */
static bool is_beside_lock(const struct settling *settling, unsigned side, uint32_t token)
{
	const struct strands *strands = &settling->strands[side];
	const struct strand *row = &strands->rows[strands->of_token[token]];
	uint32_t place = place_of(settling, side, token);
	bool is_before = place > row->from && lock_of(settling, side, strands->list[place - 1]) != CANON_NONE;
	bool is_behind =
		place + 1 < row->from + row->count && lock_of(settling, side, strands->list[place + 1]) != CANON_NONE;

	return is_before || is_behind;
}

/* Other calls that seem to have changed places with such that were made another number of times. */
static void settle_beside(struct settling *settling, const struct map *uneven)
{
	for (uint32_t i = 0; i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		if (edit->kind == EDIT_REORDERED && !edit->noise && map_get(uneven, edit->strands[SIDE_OLD] + 1ull) &&
		    is_beside_lock(settling, SIDE_OLD, edit->old) && is_beside_lock(settling, SIDE_NEW, edit->new))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
}

/*
 * As many more were taken as were given back, each in turn, and as many more made as ended: then it does not matter
 * which, in what order, nor by whom. Locks are alike, so that it cannot be said which one is too many. When nothing but
 * the order is another one, it is the program's.
 */
int settle_locks(struct settling *settling)
{
	struct lock_balance balance = sum_edits(settling);
	uint32_t faults[SIDES] = {0, 0};
	struct map uneven = {0}; /* old strands + 1 in which there was another number of calls */
	int rc = 0;

	if (!balance.has_others || balance.taken || balance.made)
		return 0;
	for (unsigned side = 0; !rc && side < SIDES; side++)
		rc = count_faults(settling, side, &faults[side]);
	for (uint32_t i = 0; !rc && faults[SIDE_OLD] == faults[SIDE_NEW] && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		if (!is_lock_edit(settling, edit))
			continue;
		settle_mark(settling, edit, NOISE_SCHEDULE);
		if (edit->kind != EDIT_REORDERED && edit->strands[SIDE_OLD] != CANON_NONE)
			rc = map_put(&uneven, edit->strands[SIDE_OLD] + 1ull, settling);
	}
	if (!rc)
		settle_beside(settling, &uneven);
	map_clear(&uneven);
	return rc;
}

/* ---- locks in memory that processes share ----------------------------------------------------------------------- */

/* The semaphore in memory that several processes or threads share of which an edit is one wait or post more or less. */
static const struct canon_object *handoff_of(const struct settling *settling, const struct edit *edit)
{
	unsigned side = edit_side(edit);
	const struct canon *canon = settling->pairing->canons[side];

	if (edit->noise || !edit_is_alone(edit))
		return NULL;
	const struct canon_token *token = &canon->tokens[side == SIDE_NEW ? edit->new : edit->old];
	if (token->sort->objects[0] == CANON_NONE || token->sort->error || token->flags & (TOKEN_MAKES | TOKEN_ENDS))
		return NULL;
	const struct canon_object *object = &canon->objects[token->sort->objects[0]];
	bool is_lock = object->is_private ? object->is_common : strchr(object->name, '+') != NULL;
	return object->type == OBJECT_SEM && is_lock ? object : NULL;
}

/* A take more, or a post less, counts up; a take less, or a post more, down. */
static int64_t handoff_count(const struct settling *settling, const struct edit *edit)
{
	return lock_step(settling, SIDE_NEW, edit->new) - lock_step(settling, SIDE_OLD, edit->old);
}

/* What became of the calls on all semaphores of one sort. */
struct handoffs {
	int64_t sleeps; /* takes more less posts more */
	int64_t calls;	/* more */
};

/*
 * Who finds a lock taken goes to sleep on a semaphore, and whoever gives the lock back wakes him: where waits and posts
 * on the semaphores of one sort are more or fewer by the same number, or other calls took the place of as many, that is
 * all that happened.
 */
int settle_handoffs(struct settling *settling)
{
	struct handoffs *sums = calloc(settling->edits->count + 1ull, sizeof(*sums));
	struct map index = {0}; /* by class: the place + 1 */
	uint32_t count = 0;
	int rc = sums ? 0 : -ENOMEM;

	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		const struct canon_object *object = handoff_of(settling, edit);
		if (!object)
			continue;
		uintptr_t place = (uintptr_t)map_get(&index, object->class_id);
		if (!place) {
			place = ++count;
			rc = map_put(&index, object->class_id, (void *)place);
		}
		sums[place - 1].sleeps += handoff_count(settling, edit);
		sums[place - 1].calls += edit->kind == EDIT_ADDED ? 1 : -1;
	}
	for (uint32_t i = 0; !rc && i < settling->edits->count; i++) {
		struct edit *edit = &settling->edits->rows[i];
		const struct canon_object *object = handoff_of(settling, edit);
		const struct handoffs *sum = object ? &sums[(uintptr_t)map_get(&index, object->class_id) - 1] : NULL;
		if (sum && (!sum->sleeps || !sum->calls))
			settle_mark(settling, edit, NOISE_SCHEDULE);
	}
	map_clear(&index);
	free(sums);
	return rc;
}
