// SPDX-License-Identifier: MIT
/*
 * What is aligned in full and what by what it does alone, against a search through all of the other side.
 */
#include "reader/diff_blend.h"
#include "reader/diff_token.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LONG 6000u

static uint64_t state;

static uint32_t draw(uint32_t most)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33) % most;
}

/* Two runs of one thread each, whose calls differ in payload alone. */
struct sides {
	struct canon_sort sort;
	struct canon canons[SIDES];
	struct canon_token tokens[SIDES][LONG];
	struct pairing pairing;
	struct strand rows[SIDES];
	struct strands strands[SIDES];
	uint32_t lists[SIDES][LONG];
	uint64_t full[SIDES][LONG];
};

static struct sides *sides_new(void)
{
	struct sides *sides = calloc(1, sizeof(*sides));

	cr_assert_not_null(sides);
	sides->sort = (struct canon_sort){.key = 11, .content = 12, .objects = {CANON_NONE, CANON_NONE}};
	for (unsigned side = 0; side < SIDES; side++) {
		sides->canons[side].tokens = sides->tokens[side];
		sides->pairing.canons[side] = &sides->canons[side];
		sides->strands[side] = (struct strands){.rows = &sides->rows[side],
							.count = 1,
							.of_token = calloc(LONG, sizeof(uint32_t)),
							.list = sides->lists[side],
							.full = sides->full[side],
							.pairing = &sides->pairing,
							.side = side};
	}
	return sides;
}

static void add(struct sides *sides, unsigned side, uint32_t payload)
{
	struct strand *row = &sides->rows[side];

	if (row->count == LONG)
		return;
	sides->tokens[side][row->count] = (struct canon_token){.sort = &sides->sort, .payload = payload};
	sides->lists[side][row->count] = row->count;
	sides->full[side][row->count] = token_full(&sides->strands[side], row->count);
	row->count++;
}

static bool has(const struct sides *sides, unsigned side, uint32_t payload)
{
	for (uint32_t i = 0; i < sides->rows[side].count; i++)
		if (sides->tokens[side][i].payload == payload)
			return true;
	return false;
}

/* Blends, looks at every token, restores and frees. */
static void check(struct sides *sides)
{
	const struct strand *const rows[SIDES] = {&sides->rows[SIDE_OLD], &sides->rows[SIDE_NEW]};
	uint64_t *blended[SIDES];

	cr_assert_eq(strands_blend(sides->strands, rows, blended), 0);
	for (unsigned side = 0; side < SIDES; side++) {
		for (uint32_t i = 0; i < rows[side]->count; i++) {
			bool is_common = has(sides, !side, sides->tokens[side][i].payload);
			cr_assert_eq(is_blended(blended[side], i), !is_common, "side %u, token %u", side, i);
			cr_assert_eq(sides->full[side][i], is_common ? token_full(&sides->strands[side], i)
								     : token_coarse(&sides->strands[side], i));
		}
		strand_unblend(&sides->strands[side], rows[side], blended[side]);
		for (uint32_t i = 0; i < rows[side]->count; i++)
			cr_assert_eq(sides->full[side][i], token_full(&sides->strands[side], i));
		free(sides->strands[side].of_token);
	}
	free(sides);
}

Test(blend, keeps_in_full_what_the_other_side_has_wherever_it_stands)
{
	struct sides *sides = sides_new();

	for (uint32_t i = 0; i < LONG; i++) {
		add(sides, SIDE_OLD, i);
		add(sides, SIDE_NEW, LONG - 1 - i);
	}
	check(sides);
}

Test(blend, takes_what_only_one_side_has_by_what_it_does)
{
	struct sides *sides = sides_new();

	for (uint32_t i = 0; i < LONG / 2; i++) {
		uint32_t edit = draw(20);
		if (edit != 1)
			add(sides, SIDE_OLD, i);
		if (edit != 2)
			add(sides, SIDE_NEW, edit == 3 ? LONG + i : i);
		if (edit == 4)
			add(sides, SIDE_NEW, draw(LONG / 2));
	}
	check(sides);
}

Test(blend, tells_a_few_sorts_apart_that_come_again_and_again)
{
	struct sides *sides = sides_new();

	for (uint32_t i = 0; i < LONG / 2; i++) {
		add(sides, SIDE_OLD, draw(30));
		add(sides, SIDE_NEW, 10 + draw(30));
	}
	check(sides);
}

Test(blend, has_nothing_in_full_where_nothing_is_common)
{
	struct sides *sides = sides_new();

	for (uint32_t i = 0; i < 100; i++) {
		add(sides, SIDE_OLD, i);
		add(sides, SIDE_NEW, 100 + i);
	}
	check(sides);
}

Test(blend, of_nothing_is_nothing)
{
	struct sides *sides = sides_new();

	add(sides, SIDE_NEW, 1);
	check(sides);
}
