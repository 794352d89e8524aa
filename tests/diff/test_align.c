// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdlib.h>

#include "reader/align.h"

#define SMALL 40

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* The length of a longest common subsequence, the slow way. */
static uint32_t common_length(const uint64_t *a, uint32_t n, const uint64_t *b, uint32_t m)
{
	uint32_t best[SMALL + 1][SMALL + 1] = {{0}};

	for (uint32_t i = 1; i <= n; i++)
		for (uint32_t k = 1; k <= m; k++) {
			uint32_t above = best[i - 1][k], left = best[i][k - 1];
			best[i][k] = a[i - 1] == b[k - 1] ? best[i - 1][k - 1] + 1 : above > left ? above : left;
		}
	return best[n][m];
}

/* How many are matched; asserts that matches are equal and rise. */
static uint32_t count_matches(const struct alignment *alignment, const uint64_t *a, uint32_t n, const uint64_t *b,
			      uint32_t m)
{
	uint32_t count = 0, least = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t match = alignment->match[i];
		if (match == ALIGN_NONE)
			continue;
		cr_assert_lt(match, m);
		cr_assert_geq(match, least);
		cr_assert_eq(a[i], b[match]);
		least = match + 1;
		count++;
	}
	return count;
}

Test(align, small_inputs_are_aligned_as_well_as_can_be)
{
	for (int round = 0; round < 20000; round++) {
		uint64_t a[SMALL], b[SMALL], symbols = 1 + random_number() % 8;
		uint32_t n = random_number() % SMALL, m = random_number() % SMALL;
		struct alignment alignment;
		for (uint32_t i = 0; i < n; i++)
			a[i] = random_number() % symbols;
		for (uint32_t i = 0; i < m; i++)
			b[i] = random_number() % symbols;
		cr_assert_eq(align_sequences(a, n, b, m, 0, &alignment), 0);
		cr_assert_eq(count_matches(&alignment, a, n, b, m), common_length(a, n, b, m));
		cr_assert_eq(alignment.gaps_count, 0);
		alignment_free(&alignment);
	}
}

#define LONG 200000u

static uint64_t *make_long(void)
{
	uint64_t *tokens = malloc(LONG * sizeof(*tokens));

	cr_assert_not_null(tokens);
	for (uint32_t i = 0; i < LONG; i++)
		tokens[i] = random_number() % 5000;
	return tokens;
}

Test(align, anchors_take_over_when_the_budget_is_spent)
{
	uint64_t *a = make_long(), *b = malloc(LONG * sizeof(*b));
	struct alignment alignment;
	uint32_t edits = 0;

	cr_assert_not_null(b);
	for (uint32_t i = 0; i < LONG; i++) {
		bool is_edit = random_number() % 40 == 0;
		b[i] = is_edit ? 1000000 + i : a[i];
		edits += is_edit;
	}
	cr_assert_eq(align_sequences(a, LONG, b, LONG, 3000000, &alignment), 0);
	cr_assert_eq(count_matches(&alignment, a, LONG, b, LONG), LONG - edits);
	cr_assert_eq(alignment.gaps_count, 0);
	alignment_free(&alignment);
	free(a);
	free(b);
}

Test(align, what_has_nothing_in_common_is_said_to_be_unaligned)
{
	uint64_t *a = make_long(), *b = make_long();
	struct alignment alignment;

	for (uint32_t i = 0; i < LONG; i++)
		b[i] += 1000000;
	cr_assert_eq(align_sequences(a, LONG, b, LONG, 1000000, &alignment), 0);
	cr_assert_eq(alignment.gaps_count, 1);
	cr_assert_eq(alignment.gaps[0].old_to - alignment.gaps[0].old_from, LONG);
	cr_assert_gt(alignment.gaps[0].old_only, LONG / 2);
	alignment_free(&alignment);
	free(a);
	free(b);
}

Test(align, an_empty_side_matches_nothing)
{
	uint64_t a[3] = {1, 2, 3};
	struct alignment alignment;

	cr_assert_eq(align_sequences(a, 3, a, 0, 0, &alignment), 0);
	cr_assert_eq(count_matches(&alignment, a, 3, a, 0), 0);
	alignment_free(&alignment);
}
