// SPDX-License-Identifier: MIT
/*
 * The passes over the edits, in their order.
 */
#include "reader/diff_noise_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void settle_mark(struct settling *settling, struct edit *edit, enum edit_noise noise)
{
	if (edit->noise || edit->is_counted)
		return;
	edit->noise = (uint8_t)noise;
	settling->edits->noise[noise]++;
}

static void drop_joined(struct edits *edits)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < edits->count; i++)
		if (edits->rows[i].old != CANON_NONE || edits->rows[i].new != CANON_NONE)
			edits->rows[kept++] = edits->rows[i];
	edits->count = kept;
}

/* Which tokens are edits, before any are joined or dropped. */
static int list_edited(struct settling *settling, unsigned side)
{
	uint8_t *edited = calloc(settling->pairing->canons[side]->tokens_count + 1ull, 1);

	settling->edited[side] = edited;
	for (uint32_t i = 0; edited && i < settling->edits->count; i++) {
		const struct edit *edit = &settling->edits->rows[i];
		uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
		if (token != CANON_NONE)
			edited[token] = 1;
	}
	return edited ? 0 : -ENOMEM;
}

static int index_threads(struct settling *settling, unsigned side)
{
	const struct canon *canon = settling->pairing->canons[side];
	size_t count = canon->threads_count + 1ull;

	settling->reaps[side] = calloc(count, sizeof(uint32_t));
	settling->endgame[side] = malloc(count * sizeof(uint32_t));
	if (!settling->reaps[side] || !settling->endgame[side])
		return -ENOMEM;
	memset(settling->endgame[side], 0xff, count * sizeof(uint32_t));
	return 0;
}

int edits_settle(struct edits *edits, const struct pairing *pairing, const struct strands strands[SIDES])
{
	struct settling settling = {.edits = edits, .pairing = pairing, .strands = strands};
	struct place *removed, *added;
	int rc;

	if (!edits->count)
		return 0;
	rc = list_edited(&settling, SIDE_OLD);
	if (!rc)
		rc = list_edited(&settling, SIDE_NEW);
	if (!rc)
		rc = index_threads(&settling, SIDE_OLD);
	if (!rc)
		rc = index_threads(&settling, SIDE_NEW);
	removed = malloc(edits->count * sizeof(*removed));
	added = malloc(edits->count * sizeof(*added));
	if (!removed || !added)
		rc = -ENOMEM;
	if (!rc)
		rc = settle_streams(&settling);
	if (!rc) {
		for (enum move_way way = MOVE_WITHIN; way <= MOVE_CHANGED; way++)
			settle_moves(&settling, way, removed, added);
		drop_joined(edits);
		settle_swaps(&settling, removed, added);
		rc = settle_orders(&settling);
	}
	if (!rc) {
		settle_failures(&settling);
		settle_misdirected(&settling);
		settle_memory(&settling);
		drop_joined(edits);
		rc = settle_stocks(&settling);
	}
	if (!rc) {
		settle_overtaken(&settling);
		rc = settle_endgames(&settling);
	}
	if (!rc) {
		settle_counters(&settling);
		settle_pools(&settling);
		settle_farewells(&settling);
		rc = settle_registrations(&settling);
	}
	if (!rc)
		rc = settle_locks(&settling);
	if (!rc)
		rc = settle_handoffs(&settling);
	if (!rc)
		rc = settle_timers(&settling);
	if (!rc)
		rc = settle_told(&settling);
	free(removed);
	free(added);
	for (unsigned side = 0; side < SIDES; side++) {
		free(settling.edited[side]);
		free(settling.reaps[side]);
		free(settling.endgame[side]);
	}
	return rc;
}
