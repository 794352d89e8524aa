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

/* No strand has this number. */
#define ANY (CANON_NONE - 1)

/*
 * All that the edits took out of the stream `object` in the old strand `strand`, or in ANY, in order. False when not
 * all of it is known.
 */
static bool gather(const struct framing *framing, unsigned side, uint32_t object, uint32_t strand, struct text *out)
{
	uint32_t *pieces = malloc((framing->edits->count + 1ull) * sizeof(*pieces));
	uint32_t count = 0;
	bool is_known = pieces != NULL;

	for (uint32_t i = 0; pieces && i < framing->edits->count; i++) {
		const struct edit *edit = &framing->edits->rows[i];
		if (stream_of(framing, side, edit) == object && (strand == ANY || edit->strands[SIDE_OLD] == strand))
			pieces[count++] = side == SIDE_OLD ? edit->old : edit->new;
	}
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

static bool is_reframed(const struct framing *framing, uint32_t old, uint32_t new, uint32_t strand)
{
	struct text texts[SIDES] = {{0}, {0}};
	bool is_known =
		gather(framing, SIDE_OLD, old, strand, &texts[0]) && gather(framing, SIDE_NEW, new, strand, &texts[1]);
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

/* Whether the stream carries the same in all, or at least in the strand: what else changed on it is not there. */
static int judge_frames(const struct framing *framing, uint32_t object, uint32_t strand, struct map *judged,
			bool *is_same)
{
	static char yes, no;
	uint64_t key = (uint64_t)strand << 32 | (object + 1ull);
	const char *verdict = map_get(judged, key);

	*is_same = verdict == &yes;
	if (verdict)
		return 0;
	*is_same = is_reframed(framing, object, framing->pairing->objects[SIDE_OLD][object], strand);
	return map_put(judged, key, *is_same ? &yes : &no);
}

int differences_reframe(struct differences *differences, uint32_t count, const struct edits *edits,
			const struct pairing *pairing, struct canon_detail *const details[SIDES],
			const uint32_t counts[SIDES])
{
	struct framing framing = {differences, edits, pairing, {details[0], details[1]}, {counts[0], counts[1]}};
	struct map judged = {0}; /* by strand and old object + 1 */
	int rc = 0;

	for (uint32_t i = 0; !rc && i < count; i++) {
		struct difference *difference = &differences->rows[i];
		uint32_t object = stream_of_difference(&framing, difference);
		bool is_same = false;
		if (object == CANON_NONE || pairing->objects[SIDE_OLD][object] == CANON_NONE)
			continue;
		rc = judge_frames(&framing, object, ANY, &judged, &is_same);
		if (!rc && !is_same)
			rc = judge_frames(&framing, object, edits->rows[difference->edit].strands[SIDE_OLD], &judged,
					  &is_same);
		if (rc || !is_same)
			continue;
		difference->class = CLASS_RANDOM;
		free(difference->explanation);
		difference->explanation = strdup("the same in frames that a peer cut otherwise");
	}
	map_clear(&judged);
	return rc;
}
