// SPDX-License-Identifier: MIT
/*
 * Bytes that went to another stream, where they were folded with what went there anyway.
 */
#include "reader/diff_noise_pass.h"
#include "format/crc32c.h"

/* Whether `whole` is `part` with something before or behind it. */
static bool has_swallowed(const struct canon_token *whole, const struct canon_token *rest,
			  const struct canon_token *part)
{
	if (whole->sort->key != part->sort->key || whole->bytes != rest->bytes + part->bytes)
		return false;
	return whole->payload == crc32c_combine(rest->payload, part->payload, part->bytes) ||
	       whole->payload == crc32c_combine(part->payload, rest->payload, rest->bytes);
}

/*
 * A transfer that went to another stream was folded there with its neighbour: `alone` has it by itself, in `folded` one
 * side has both. Then `alone` becomes the change, and `folded` disappears.
 */
static bool join_misdirected(struct settling *settling, struct edit *alone, struct edit *folded)
{
	const struct canon_token *old = token_of(settling, SIDE_OLD, folded->old);
	const struct canon_token *new = token_of(settling, SIDE_NEW, folded->new);
	unsigned side = alone->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW;
	const struct canon_token *part = token_of(settling, side, side == SIDE_OLD ? alone->old : alone->new);

	if (!old || !new || part->sort->objects[0] == (side == SIDE_OLD ? old : new)->sort->objects[0])
		return false;
	if (folded->kind != EDIT_CHANGED || folded->noise || !(old->flags & new->flags & part->flags &TOKEN_STREAM))
		return false;
	if (side == SIDE_OLD ? !has_swallowed(new, old, part) : !has_swallowed(old, new, part))
		return false;
	if (side == SIDE_OLD)
		alone->new = folded->new;
	else
		alone->old = folded->old;
	alone->kind = EDIT_CHANGED;
	alone->is_misdirected = true;
	folded->kind = EDIT_MOVED;
	folded->old = folded->new = CANON_NONE;
	return true;
}

/* Such edits are near each other. */
#define MISDIRECTED_NEAR 16

void settle_misdirected(struct settling *settling)
{
	struct edits *edits = settling->edits;

	for (uint32_t i = 0; i < edits->count; i++) {
		struct edit *alone = &edits->rows[i];
		uint32_t from = i > MISDIRECTED_NEAR ? i - MISDIRECTED_NEAR : 0;
		if (alone->noise || !edit_is_alone(alone))
			continue;
		if (!(token_of(settling, alone->kind == EDIT_REMOVED ? SIDE_OLD : SIDE_NEW,
			       alone->kind == EDIT_REMOVED ? alone->old : alone->new)
			      ->flags &
		      TOKEN_STREAM))
			continue;
		for (uint32_t k = from; k < edits->count && k <= i + MISDIRECTED_NEAR; k++)
			if (k != i && edits->rows[k].strands[0] == alone->strands[0] &&
			    join_misdirected(settling, alone, &edits->rows[k]))
				break;
	}
}
