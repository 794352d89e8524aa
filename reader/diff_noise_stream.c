// SPDX-License-Identifier: MIT
/*
 * Streams: the same bytes in other pieces, and bytes that went to another stream.
 */
#include "reader/diff_noise_pass.h"
#include "format/crc32c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- streams cut otherwise ------------------------------------------------------------------------------------ */

/* What all edits of one direction of one object amount to. */
struct recut {
	uint64_t pieces[SIDES]; /* a sum of hashes: equal when they are the same pieces */
	uint64_t calls[SIDES];	/* which calls, a bit each */
	uint32_t objects[SIDES];
	int8_t is_early; /* whether it answers before it was asked; -1: not looked at yet */
};

struct recuts {
	struct recut *rows;
	uint32_t count, room;
	struct map index; /* by old object and direction; the place + 1 */
};

static bool has_flow(const struct canon_token *token)
{
	return token && token->objects[0] != CANON_NONE && token->flags & (TOKEN_SENDS | TOKEN_RECEIVES) &&
	       token->bytes;
}

static bool is_same_flow(const struct canon_flow *a, const struct canon_flow *b)
{
	return (a->bytes == b->bytes && a->payload == b->payload) ||
	       (a->raw_bytes == b->raw_bytes && a->raw_payload == b->raw_payload);
}

/* The direction of an object as both sides know it; 0 when it is not of a pair that carried the same. */
static uint64_t flow_key(const struct settling *settling, unsigned side, const struct canon_token *token)
{
	const struct pairing *pairing = settling->pairing;
	unsigned way = token->flags & TOKEN_SENDS ? CANON_SENT : CANON_RECEIVED;
	uint32_t own = token->objects[0], other = pairing->objects[side][own];

	if (other == CANON_NONE)
		return 0;
	const struct canon_object *a = &pairing->canons[side]->objects[own];
	const struct canon_object *b = &pairing->canons[!side]->objects[other];
	bool is_stream = a->is_stream || a->type == OBJECT_FILE;
	if (!is_stream || !is_same_flow(&a->flows[way], &b->flows[way]))
		return 0;
	return 2ull * (side == SIDE_OLD ? own : other) + way + 1;
}

static struct recut *find_recut(struct recuts *recuts, uint64_t key)
{
	uintptr_t found = (uintptr_t)map_get(&recuts->index, key);

	if (found)
		return &recuts->rows[found - 1];
	if (recuts->count == recuts->room) {
		uint32_t room = recuts->room ? 2 * recuts->room : 16;
		struct recut *rows = reallocarray(recuts->rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		recuts->rows = rows;
		recuts->room = room;
	}
	recuts->rows[recuts->count++] = (struct recut){.objects = {CANON_NONE, CANON_NONE}, .is_early = -1};
	if (map_put(&recuts->index, key, (void *)(uintptr_t)recuts->count))
		return NULL;
	return &recuts->rows[recuts->count - 1];
}

static int add_to_recut(struct settling *settling, struct recuts *recuts, unsigned side, uint32_t index)
{
	const struct canon_token *token = token_of(settling, side, index);
	uint64_t key = has_flow(token) ? flow_key(settling, side, token) : 0;
	struct recut *recut = key ? find_recut(recuts, key) : NULL;

	if (!key)
		return 0;
	if (!recut)
		return -ENOMEM;
	recut->pieces[side] += settling->full[side][index];
	recut->calls[side] |= 1ull << (token->key & 63);
	recut->objects[side] = token->objects[0];
	recut->objects[!side] = settling->pairing->objects[side][token->objects[0]];
	return 0;
}

/* One transfer out of a stream: up to where, and how much had come in before. */
struct sending {
	uint64_t from, to, received;
};

static uint32_t list_sendings(const struct settling *settling, unsigned side, uint32_t object, struct sending *list)
{
	const struct canon *canon = settling->pairing->canons[side];
	uint64_t received = 0, sent = 0;
	uint32_t count = 0;

	for (uint32_t i = canon->objects[object].birth; i < canon->tokens_count; i++) {
		const struct canon_token *token = &canon->tokens[i];
		if (token->objects[0] != object || token->flags & TOKEN_ABSORBED)
			continue;
		if (token->flags & TOKEN_SENDS) {
			list[count++] = (struct sending){sent, sent + token->bytes, received};
			sent += token->bytes;
		} else if (token->flags & TOKEN_RECEIVES) {
			received += token->bytes;
		}
	}
	return count;
}

/*
 * Cut otherwise, or sent too early? Where the new run sends in one go what the old one sent in several, with something
 * received in between, all of that must have come before.
 */
static bool is_early(const struct settling *settling, const struct recut *recut)
{
	struct sending *lists[SIDES];
	uint32_t counts[SIDES] = {0, 0};
	bool found = false;

	for (unsigned side = 0; side < SIDES; side++) {
		uint32_t object = recut->objects[side];
		lists[side] = NULL;
		if (object == CANON_NONE)
			continue;
		lists[side] =
			calloc(settling->pairing->canons[side]->objects[object].tokens + 1ull, sizeof(struct sending));
		if (lists[side])
			counts[side] = list_sendings(settling, side, object, lists[side]);
	}
	for (uint32_t i = 0, k = 0; i < counts[SIDE_NEW] && lists[SIDE_OLD]; i++) {
		const struct sending *new = &lists[SIDE_NEW][i];
		while (k < counts[SIDE_OLD] && lists[SIDE_OLD][k].to <= new->from)
			k++;
		uint32_t first = k;
		while (k + 1 < counts[SIDE_OLD] && lists[SIDE_OLD][k + 1].to <= new->to)
			k++;
		if (k < counts[SIDE_OLD])
			found |= k > first && lists[SIDE_OLD][k].received > lists[SIDE_OLD][first].received &&
				 new->received < lists[SIDE_OLD][k].received;
	}
	free(lists[SIDE_OLD]);
	free(lists[SIDE_NEW]);
	return found;
}

static bool is_recut(const struct settling *settling, struct recut *recut)
{
	if (recut->is_early < 0)
		recut->is_early = is_early(settling, recut);
	return !recut->is_early && recut->calls[SIDE_OLD] == recut->calls[SIDE_NEW] &&
	       recut->pieces[SIDE_OLD] != recut->pieces[SIDE_NEW];
}

static bool edit_is_recut(struct settling *settling, struct recuts *recuts, const struct edit *edit)
{
	const uint32_t tokens[SIDES] = {edit->old, edit->new};

	for (unsigned side = 0; side < SIDES; side++) {
		const struct canon_token *token = token_of(settling, side, tokens[side]);
		if (!token)
			continue;
		uint64_t key = has_flow(token) ? flow_key(settling, side, token) : 0;
		if (!key || !is_recut(settling, find_recut(recuts, key)))
			return false;
	}
	return true;
}

int settle_streams(struct settling *settling)
{
	struct edits *edits = settling->edits;
	struct recuts recuts = {0};
	int rc = 0;

	for (uint32_t i = 0; !rc && i < edits->count; i++) {
		rc = add_to_recut(settling, &recuts, SIDE_OLD, edits->rows[i].old);
		if (!rc)
			rc = add_to_recut(settling, &recuts, SIDE_NEW, edits->rows[i].new);
	}
	for (uint32_t i = 0; !rc && i < edits->count; i++)
		if (edit_is_recut(settling, &recuts, &edits->rows[i]))
			settle_mark(settling, &edits->rows[i], NOISE_RECUT);
	map_clear(&recuts.index);
	free(recuts.rows);
	return rc;
}

/* ---- calls on another stream ---------------------------------------------------------------------------------- */

/* Whether `whole` is `part` with something before or behind it. */
static bool has_swallowed(const struct canon_token *whole, const struct canon_token *rest,
			  const struct canon_token *part)
{
	if (whole->key != part->key || whole->bytes != rest->bytes + part->bytes)
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

	if (!old || !new || part->objects[0] == (side == SIDE_OLD ? old : new)->objects[0])
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
		if (alone->noise || (alone->kind != EDIT_REMOVED && alone->kind != EDIT_ADDED))
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
