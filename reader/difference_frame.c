// SPDX-License-Identifier: MIT
/*
 * Received streams that carry the same in frames of other sizes: a peer that wraps what it happens to read into frames,
 * each with its size in front, sends other frames in every run.
 */
#include "reader/difference_frame.h"
#include "reader/chance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct framing {
	struct differences *differences;
	const struct edits *edits;
	const struct pairing *pairing;
	const struct canon_detail *details[SIDES];
	uint32_t counts[SIDES];
};

static int compare_tokens(const void *left, const void *right)
{
	const struct canon_detail *a = left, *b = right;

	return a->token < b->token ? -1 : a->token > b->token;
}

static const struct canon_detail *find_detail(const struct framing *framing, unsigned side, uint32_t token)
{
	struct canon_detail wanted = {.token = token};

	return bsearch(&wanted, framing->details[side], framing->counts[side], sizeof(wanted), compare_tokens);
}

/* The stream that an edit takes something out of, as an object of the side; CANON_NONE: none. */
static uint32_t stream_of(const struct framing *framing, unsigned side, const struct edit *edit)
{
	uint32_t index = side == SIDE_OLD ? edit->old : edit->new;

	if (edit->noise || edit->kind > EDIT_ADDED || index == CANON_NONE)
		return CANON_NONE;
	const struct canon_token *token = &framing->pairing->canons[side]->tokens[index];
	bool takes = (token->flags & (TOKEN_STREAM | TOKEN_RECEIVES)) == (TOKEN_STREAM | TOKEN_RECEIVES);
	return takes ? token->sort->objects[0] : CANON_NONE;
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

/* All that the edits took out of the stream `object`, in order. False when not all of it is known. */
static bool gather(const struct framing *framing, unsigned side, uint32_t object, struct text *out)
{
	uint32_t *pieces = malloc((framing->edits->count + 1ull) * sizeof(*pieces));
	uint32_t count = 0;
	bool is_known = pieces != NULL;

	for (uint32_t i = 0; pieces && i < framing->edits->count; i++)
		if (stream_of(framing, side, &framing->edits->rows[i]) == object)
			pieces[count++] = side == SIDE_OLD ? framing->edits->rows[i].old : framing->edits->rows[i].new;
	if (pieces)
		qsort(pieces, count, sizeof(*pieces), compare_numbers);
	for (uint32_t i = 0; is_known && i < count; i++) {
		const struct canon_detail *detail = find_detail(framing, side, pieces[i]);
		is_known = detail && detail->kept && !detail->is_cut;
		if (is_known)
			text_add(out, detail->kept, detail->kept_size);
	}
	free(pieces);
	return is_known && !out->failed;
}

static bool is_reframed(const struct framing *framing, uint32_t old, uint32_t new)
{
	struct text texts[SIDES] = {{0}, {0}};
	bool is_known = gather(framing, SIDE_OLD, old, &texts[0]) && gather(framing, SIDE_NEW, new, &texts[1]);
	struct contents contents = {.old = (const uint8_t *)texts[0].bytes,
				    .new = (const uint8_t *)texts[1].bytes,
				    .old_size = (uint32_t)texts[0].size,
				    .new_size = (uint32_t)texts[1].size};
	bool found = is_known && contents.old_size && contents.new_size && contents_are_reframed(&contents);

	text_free(&texts[0]);
	text_free(&texts[1]);
	return found;
}

/* The old object of the stream that a difference is about, or CANON_NONE. */
static uint32_t stream_of_difference(const struct framing *framing, const struct difference *difference)
{
	if (difference->edit == CANON_NONE)
		return CANON_NONE;
	const struct edit *edit = &framing->edits->rows[difference->edit];
	uint32_t old = stream_of(framing, SIDE_OLD, edit), new = stream_of(framing, SIDE_NEW, edit);

	if (old == CANON_NONE && new != CANON_NONE)
		old = framing->pairing->objects[SIDE_NEW][new];
	return old;
}

int differences_reframe(struct differences *differences, uint32_t count, const struct edits *edits,
			const struct pairing *pairing, struct canon_detail *const details[SIDES],
			const uint32_t counts[SIDES])
{
	struct framing framing = {differences, edits, pairing, {details[0], details[1]}, {counts[0], counts[1]}};
	struct map judged = {0}; /* by old object + 1: yes or no */
	static char yes, no;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < count; i++) {
		struct difference *difference = &differences->rows[i];
		uint32_t object = stream_of_difference(&framing, difference);
		if (object == CANON_NONE || pairing->objects[SIDE_OLD][object] == CANON_NONE)
			continue;
		const char *verdict = map_get(&judged, object + 1ull);
		if (!verdict) {
			verdict = is_reframed(&framing, object, pairing->objects[SIDE_OLD][object]) ? &yes : &no;
			rc = map_put(&judged, object + 1ull, (void *)verdict);
		}
		if (verdict != &yes)
			continue;
		difference->class = CLASS_RANDOM;
		free(difference->explanation);
		difference->explanation = strdup("the same in frames that a peer cut otherwise");
	}
	map_clear(&judged);
	return rc;
}
