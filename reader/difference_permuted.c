// SPDX-License-Identifier: MIT
/*
 * A reply that is made of many things in no order is sent in pieces: each of them has other things in every run, and
 * only all together have the same. So neighbours are judged together, as many as it takes, and to the byte.
 */
#include "reader/difference_permuted.h"
#include "reader/chance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Pieces that are one reply at most. */
#define PIECES_MAX 64u

/* A change of what went one way over one thing. */
struct piece {
	uint64_t stream;			   /* the old object and the way */
	uint32_t order;				   /* the old token that it is, or stands before */
	struct difference *difference;		   /* NULL: another one stands for it */
	const struct canon_detail *details[SIDES]; /* NULL: nothing on that side */
};

struct permuting {
	const struct edits *edits;
	const struct pairing *pairing;
	struct canon_detail *details[SIDES];
	uint32_t counts[SIDES];
	struct difference **of_edit;
	struct piece *pieces;
	uint32_t count;
};

static int compare_details(const void *left, const void *right)
{
	const struct canon_detail *a = left, *b = right;

	return a->token < b->token ? -1 : a->token > b->token;
}

/* The old number of the thing that the token of a side says something to, or hears from, with the way; 0: of none. */
static uint64_t stream_of(const struct permuting *permuting, unsigned side, uint32_t index)
{
	const struct canon_token *token = &permuting->pairing->canons[side]->tokens[index];
	uint32_t object = token->sort->objects[0];

	if (object == CANON_NONE || !(token->flags & (TOKEN_SENDS | TOKEN_RECEIVES)) || !token->bytes)
		return 0;
	if (side == SIDE_NEW)
		object = permuting->pairing->objects[SIDE_NEW][object];
	return object == CANON_NONE ? 0 : (object + 1ull) << 1 | ((token->flags & TOKEN_SENDS) != 0);
}

/* Adds the edit, when it is a change of one thing alone and both its contents are known. */
static void add_piece(struct permuting *permuting, uint32_t index)
{
	const struct edit *edit = &permuting->edits->rows[index];
	const uint32_t tokens[SIDES] = {edit->old, edit->new};
	struct piece piece = {.difference = permuting->of_edit[index],
			      .order = edit->old == CANON_NONE ? edit->next : edit->old};

	for (unsigned side = 0; side < SIDES; side++) {
		struct canon_detail wanted = {.token = tokens[side]};
		if (tokens[side] == CANON_NONE)
			continue;
		uint64_t stream = stream_of(permuting, side, tokens[side]);
		piece.details[side] = bsearch(&wanted, permuting->details[side], permuting->counts[side],
					      sizeof(wanted), compare_details);
		if (!stream || (piece.stream && piece.stream != stream) || !piece.details[side] ||
		    !piece.details[side]->kept || piece.details[side]->is_cut)
			return;
		piece.stream = stream;
	}
	permuting->pieces[permuting->count++] = piece;
}

static int compare_pieces(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	if (a->stream != b->stream)
		return a->stream < b->stream ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void count_bytes(const struct canon_detail *detail, int64_t counts[256], int64_t step)
{
	for (uint32_t i = 0; detail && i < detail->kept_size; i++)
		counts[detail->kept[i]] += step;
}

/* Of how many pieces, from the first on, both sides have the same bytes in all; 0: of no number. */
static uint32_t count_alike(const struct piece *pieces, uint32_t count)
{
	static const int64_t none[256];
	int64_t counts[256] = {0};

	for (uint32_t i = 0; i < count && i < PIECES_MAX && pieces[i].stream == pieces[0].stream; i++) {
		count_bytes(pieces[i].details[SIDE_OLD], counts, 1);
		count_bytes(pieces[i].details[SIDE_NEW], counts, -1);
		if (!memcmp(counts, none, sizeof(counts)))
			return i + 1;
	}
	return 0;
}

/* Whether the pieces together look as if they were in an order by lot. */
static bool are_permuted(const struct piece *pieces, uint32_t count)
{
	struct text texts[SIDES] = {{0}, {0}};

	for (uint32_t i = 0; i < count; i++)
		for (unsigned side = 0; side < SIDES; side++)
			if (pieces[i].details[side])
				text_add(&texts[side], pieces[i].details[side]->kept,
					 pieces[i].details[side]->kept_size);
	struct contents contents = {.old = (const uint8_t *)texts[SIDE_OLD].bytes,
				    .new = (const uint8_t *)texts[SIDE_NEW].bytes,
				    .old_size = (uint32_t)texts[SIDE_OLD].size,
				    .new_size = (uint32_t)texts[SIDE_NEW].size};
	bool found = !texts[SIDE_OLD].failed && !texts[SIDE_NEW].failed && contents_are_permuted(&contents);
	text_free(&texts[SIDE_OLD]);
	text_free(&texts[SIDE_NEW]);
	return found;
}

static void judge_pieces(struct permuting *permuting)
{
	uint32_t alike;

	for (uint32_t i = 0; i < permuting->count; i += alike ? alike : 1) {
		struct piece *pieces = &permuting->pieces[i];
		alike = count_alike(pieces, permuting->count - i);
		if (!alike || !are_permuted(pieces, alike))
			continue;
		for (uint32_t k = 0; k < alike; k++) {
			struct difference *difference = pieces[k].difference;
			if (!difference)
				continue;
			difference->class = CLASS_RANDOM;
			free(difference->explanation);
			difference->explanation = strdup("the same bytes in another order");
		}
	}
}

/* Those differences that are one edit alone, by it. */
static void list_differences(struct permuting *permuting, struct differences *differences, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct difference *difference = &differences->rows[i];
		if (difference->edit != CANON_NONE && difference->count == 1)
			permuting->of_edit[difference->edit] = difference;
	}
}

int differences_permute(struct differences *differences, uint32_t count, const struct edits *edits,
			const struct pairing *pairing, struct canon_detail *const details[SIDES],
			const uint32_t counts[SIDES])
{
	struct permuting permuting = {.edits = edits,
				      .pairing = pairing,
				      .details = {details[SIDE_OLD], details[SIDE_NEW]},
				      .counts = {counts[SIDE_OLD], counts[SIDE_NEW]}};
	uint32_t most = 0;

	permuting.of_edit = calloc(edits->count + 1ull, sizeof(*permuting.of_edit));
	if (permuting.of_edit)
		list_differences(&permuting, differences, count);
	for (uint32_t i = 0; permuting.of_edit && i < edits->count; i++)
		most += permuting.of_edit[i] || edits->rows[i].is_recut;
	permuting.pieces = malloc((most + 1ull) * sizeof(*permuting.pieces));
	if (permuting.of_edit && permuting.pieces) {
		for (uint32_t i = 0; i < edits->count; i++)
			if ((permuting.of_edit[i] || edits->rows[i].is_recut) && edits->rows[i].kind <= EDIT_ADDED)
				add_piece(&permuting, i);
		qsort(permuting.pieces, permuting.count, sizeof(*permuting.pieces), compare_pieces);
		judge_pieces(&permuting);
	}
	int rc = permuting.of_edit && permuting.pieces ? 0 : -ENOMEM;
	free(permuting.of_edit);
	free(permuting.pieces);
	return rc;
}
