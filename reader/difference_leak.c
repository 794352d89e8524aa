// SPDX-License-Identifier: MIT
/*
 * Ends that are missing, and new things that have none.
 */
#include "reader/difference_leak.h"

struct leaking {
	const struct edits *edits;
	const struct pairing *pairing;
};

static const struct canon_token *token_of(const struct leaking *leaking, unsigned side, uint32_t token)
{
	return token == CANON_NONE ? NULL : &leaking->pairing->canons[side]->tokens[token];
}

static const struct canon_object *object_of(const struct leaking *leaking, unsigned side,
					    const struct canon_token *token, unsigned which)
{
	if (!token || token->sort->objects[which] == CANON_NONE)
		return NULL;
	return &leaking->pairing->canons[side]->objects[token->sort->objects[which]];
}

/* Things that stay when nobody ends them, and that a program can run out of. */
static bool can_leak(const struct canon_object *object)
{
	return object->type != OBJECT_UNKNOWN && object->type != OBJECT_PROCESS && object->type != OBJECT_THREAD;
}

static bool makes_something(const struct call_spec *call)
{
	bool makes = call->result.identity == IDENTITY_NEW;

	for (unsigned i = 0; i < call->argc; i++)
		makes |= call->args[i].value.identity == IDENTITY_NEW;
	return makes;
}

/* Whether the same strand also lacks a call that makes things: then what is not ended may never have been there. */
static bool lacks_maker(const struct leaking *leaking, uint32_t strand)
{
	const struct canon *canon = leaking->pairing->canons[SIDE_OLD];

	for (uint32_t i = 0; i < leaking->edits->count; i++) {
		const struct edit *edit = &leaking->edits->rows[i];
		if (edit->kind == EDIT_REMOVED && edit->strands[SIDE_OLD] == strand &&
		    makes_something(&canon->catalogue->calls[canon->tokens[edit->old].sort->call]))
			return true;
	}
	return false;
}

/* The end of something is missing. */
static bool is_left_behind(const struct leaking *leaking, const struct edit *edit)
{
	const struct canon_token *old = token_of(leaking, SIDE_OLD, edit->old);
	const struct canon_object *object = object_of(leaking, SIDE_OLD, old, 0);

	if (!object || !(old->flags & TOKEN_ENDS) || !can_leak(object))
		return false;
	uint32_t partner = leaking->pairing->objects[SIDE_OLD][old->sort->objects[0]];
	if (partner != CANON_NONE)
		return leaking->pairing->canons[SIDE_NEW]->objects[partner].end == CANON_NONE;
	/* Of what is one of several that a call makes, and never used, the end is all that is seen. */
	return object->tokens == 1 && object->is_numbered && edit->strands[SIDE_NEW] != CANON_NONE &&
	       !lacks_maker(leaking, edit->strands[SIDE_OLD]);
}

/* The first object that was not there before `token`: they are in order of that. */
static uint32_t first_born(const struct canon *canon, uint32_t token)
{
	uint32_t low = 0, high = canon->objects_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (canon->objects[middle].birth < token)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether something that the new token made behind a pointer is never ended. */
static bool leaves_made(const struct leaking *leaking, uint32_t token)
{
	const struct canon *canon = leaking->pairing->canons[SIDE_NEW];

	if (canon->tokens[token].sort->error ||
	    !makes_something(&canon->catalogue->calls[canon->tokens[token].sort->call]))
		return false;
	for (uint32_t i = first_born(canon, token); i < canon->objects_count && canon->objects[i].birth <= token + 1;
	     i++)
		if (canon->objects[i].maker == token && canon->objects[i].end == CANON_NONE)
			return true;
	return false;
}

/* An end that is missing, or something new that has none. */
bool edit_is_leak(const struct edit *edit, const struct edits *edits, const struct pairing *pairing)
{
	const struct leaking own = {edits, pairing}, *leaking = &own;
	const struct canon_token *new = token_of(leaking, SIDE_NEW, edit->new);

	if (edit->kind == EDIT_REMOVED)
		return is_left_behind(leaking, edit);
	if (edit->kind != EDIT_ADDED)
		return false;
	if (!(new->flags &TOKEN_MAKES))
		return leaves_made(leaking, edit->new);
	const struct canon_object *made = object_of(leaking, SIDE_NEW, new, new->sort->objects[1] != CANON_NONE);
	return made && can_leak(made) && made->end == CANON_NONE;
}
