// SPDX-License-Identifier: MIT
/*
 * Edits that stand side by side in a strand, and whether what they are goes on before or behind them.
 */
#include "reader/difference_loop.h"
#include "reader/diff_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- neighbouring edits --------------------------------------------------------------------------------------- */

/* An edit that may be part of a turn. */
struct loop_edit {
	uint32_t strand, place, edit;
};

struct loop_finder {
	struct difference_loops *loops;
	const struct strands *strands; /* of the side */
	unsigned side;
	const struct loop_edit *edits;
	uint32_t last_strand, last_from; /* where the last loop that was found begins */
};

static int compare_edits(const void *left, const void *right)
{
	const struct loop_edit *a = left, *b = right;

	if (a->strand != b->strand)
		return a->strand < b->strand ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

/* The run of equal turns around [from, to) when its calls come again every `turn`; false when they do not. */
static bool find_run(const struct loop_finder *finder, uint32_t strand, uint32_t *from, uint32_t *to, uint32_t turn)
{
	const uint64_t *full = finder->strands->full;
	const struct strand *row = &finder->strands->rows[strand];

	for (uint32_t i = *from; i + turn < *to; i++)
		if (full[i] != full[i + turn])
			return false;
	while (*to < row->from + row->count && *to >= row->from + turn && full[*to] == full[*to - turn])
		++*to;
	while (*from > row->from && *from - 1 + turn < *to && full[*from - 1] == full[*from - 1 + turn])
		--*from;
	return true;
}

static struct difference_loop *add_loop(struct difference_loops *loops)
{
	if (loops->count == loops->room) {
		uint32_t room = loops->room ? 2 * loops->room : 16;
		struct difference_loop *rows = reallocarray(loops->rows, room, sizeof(*rows));
		if (!rows)
			return NULL;
		loops->rows = rows;
		loops->room = room;
	}
	return &loops->rows[loops->count++];
}

/* `count` edits from `first` on stand side by side. */
static int take_run(struct loop_finder *finder, uint32_t first, uint32_t count)
{
	const struct loop_edit *edits = &finder->edits[first];
	struct difference_loops *loops = finder->loops;

	for (uint32_t turn = 1; turn <= count && turn <= LOOP_TURN_MAX; turn++) {
		uint32_t from = edits->place, to = edits->place + count;
		if (count % turn || !find_run(finder, edits->strand, &from, &to, turn))
			continue;
		bool is_same = finder->last_strand == edits->strand && finder->last_from == from && loops->count;
		struct difference_loop *loop = is_same ? &loops->rows[loops->count - 1] : NULL;
		uint32_t own = (to - from) / turn, less = count / turn;
		uint32_t other = is_same ? loop->times[!finder->side] : own;
		if (own < 3 || other < less + 2)
			return 0;
		if (!loop)
			loop = add_loop(loops);
		if (!loop)
			return -ENOMEM;
		if (!is_same)
			*loop = (struct difference_loop){.turn = turn, .first = edits->edit};
		loop->times[finder->side] = own;
		loop->times[!finder->side] = other - less;
		for (uint32_t i = 0; i < count; i++)
			loops->of_edit[edits[i].edit] = (uint32_t)(loop - loops->rows);
		finder->last_strand = edits->strand;
		finder->last_from = from;
		return 0;
	}
	return 0;
}

static int find_side(struct difference_loops *loops, const struct edits *edits, const struct strands *strands,
		     unsigned side)
{
	struct loop_edit *own = malloc((edits->count + 1ull) * sizeof(*own));
	struct loop_finder finder = {loops, strands, side, own, CANON_NONE, 0};
	uint32_t count = 0;
	int rc = own ? 0 : -ENOMEM;

	for (uint32_t i = 0; own && i < edits->count; i++) {
		const struct edit *edit = &edits->rows[i];
		bool is_one = edit->kind == (side == SIDE_OLD ? EDIT_REMOVED : EDIT_ADDED);
		if (!is_one || edit->noise || edit->strands[!side] == CANON_NONE)
			continue;
		uint32_t token = side == SIDE_OLD ? edit->old : edit->new;
		own[count++] = (struct loop_edit){edit->strands[side], strands_place(strands, token), i};
	}
	if (own)
		qsort(own, count, sizeof(*own), compare_edits);
	for (uint32_t i = 0, next; !rc && i < count; i = next) {
		for (next = i + 1; next < count && own[next].strand == own[i].strand; next++)
			if (own[next].place != own[next - 1].place + 1)
				break;
		rc = take_run(&finder, i, next - i);
	}
	free(own);
	return rc;
}

int difference_loops_find(struct difference_loops *loops, const struct edits *edits,
			  const struct strands strands[SIDES])
{
	int rc;

	*loops = (struct difference_loops){.of_edit = malloc((edits->count + 1ull) * sizeof(*loops->of_edit))};
	if (!loops->of_edit)
		return -ENOMEM;
	memset(loops->of_edit, 0xff, edits->count * sizeof(*loops->of_edit));
	rc = find_side(loops, edits, &strands[SIDE_OLD], SIDE_OLD);
	return rc ? rc : find_side(loops, edits, &strands[SIDE_NEW], SIDE_NEW);
}

void difference_loops_free(struct difference_loops *loops)
{
	free(loops->rows);
	free(loops->of_edit);
	*loops = (struct difference_loops){0};
}
