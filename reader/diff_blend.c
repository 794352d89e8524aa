// SPDX-License-Identifier: MIT
/*
 * Most tokens meet their like where both strands are gone through together. Only the others are looked for in all of
 * the other strand, so that this takes as much memory as there are differences.
 */
#include "reader/diff_blend.h"
#include "reader/diff_token.h"
#include "reader/huge.h"
#include "reader/map.h"

#include <errno.h>
#include <stdlib.h>

/* ---- going through together ----------------------------------------------------------------------------------- */

/* So far both strands are looked through for the next token that is the same, */
#define SKIPPED_MAX 16u
/* and after so many failures in a row it is given up. */
#define LOST_MAX 64u

/* The strands of a pair: their tokens, and a bit for each that did not meet its like. */
struct walk {
	const uint64_t *full[SIDES];
	uint32_t at[SIDES], end[SIDES];
	uint64_t *single[SIDES];
};

static void skip(struct walk *walk, unsigned side, uint32_t count)
{
	for (; count && walk->at[side] < walk->end[side]; count--, walk->at[side]++)
		walk->single[side][walk->at[side] / 64] |= 1ull << walk->at[side] % 64;
}

/* Skips to the nearest tokens that are the same; false when there are none near, and one on each side was skipped. */
static bool skip_to_same(struct walk *walk)
{
	for (uint32_t both = 1; both <= SKIPPED_MAX; both++) {
		for (uint32_t old = 0; old <= both; old++) {
			uint64_t i = (uint64_t)walk->at[SIDE_OLD] + old, k = (uint64_t)walk->at[SIDE_NEW] + both - old;
			if (i >= walk->end[SIDE_OLD] || k >= walk->end[SIDE_NEW] ||
			    walk->full[SIDE_OLD][i] != walk->full[SIDE_NEW][k])
				continue;
			skip(walk, SIDE_OLD, old);
			skip(walk, SIDE_NEW, both - old);
			return true;
		}
	}
	skip(walk, SIDE_OLD, 1);
	skip(walk, SIDE_NEW, 1);
	return false;
}

static void go_through(struct walk *walk)
{
	const uint64_t *old = walk->full[SIDE_OLD], *new = walk->full[SIDE_NEW];
	uint32_t *at = walk->at, *end = walk->end, lost = 0;

	while (end[SIDE_OLD] && end[SIDE_NEW] && old[end[SIDE_OLD] - 1] == new[end[SIDE_NEW] - 1]) {
		end[SIDE_OLD]--;
		end[SIDE_NEW]--;
	}
	while (at[SIDE_OLD] < end[SIDE_OLD] && at[SIDE_NEW] < end[SIDE_NEW] && lost < LOST_MAX) {
		if (old[at[SIDE_OLD]] == new[at[SIDE_NEW]]) {
			at[SIDE_OLD]++;
			at[SIDE_NEW]++;
		} else {
			lost = skip_to_same(walk) ? 0 : lost + 1;
		}
	}
	skip(walk, SIDE_OLD, end[SIDE_OLD]);
	skip(walk, SIDE_NEW, end[SIDE_NEW]);
}

/* ---- among all others ----------------------------------------------------------------------------------------- */

/* Words of a sieve at most: 32 MiB. */
#define SIEVE_MAX (1ull << 22)

/*
 * Whether numbers are among many, with few errors in the affirmative: each such error takes a changed call away from
 * its partner. A number is some bits of one word; of as many words as numbers one answer in some thousands is wrong.
 */
struct sieve {
	uint64_t *words;
	uint64_t mask;
};

static uint64_t sieve_bits(uint64_t number)
{
	return 1ull << (number >> 58) | 1ull << (number >> 52 & 63) | 1ull << (number >> 46 & 63) |
	       1ull << (number >> 40 & 63);
}

/* An empty one for `count` numbers. */
static int sieve_new(struct sieve *sieve, uint64_t count)
{
	uint64_t words = 16;

	while (words < count && words < SIEVE_MAX)
		words *= 2;
	sieve->mask = words - 1;
	sieve->words = huge_advise(calloc(words, sizeof(*sieve->words)), words * sizeof(*sieve->words));
	return sieve->words ? 0 : -ENOMEM;
}

static void sieve_add(struct sieve *sieve, uint64_t number)
{
	sieve->words[number & sieve->mask] |= sieve_bits(number);
}

static bool sieve_has(const struct sieve *sieve, uint64_t number)
{
	uint64_t bits = sieve_bits(number);

	return (sieve->words[number & sieve->mask] & bits) == bits;
}

/*
 * Of the single tokens of a side those remain that the other side does not have at all. What is found is kept by other
 * bits than what is wanted, or the errors of the one would be those of the other.
 */
static int drop_common(struct walk *walk, unsigned side, const uint32_t counts[SIDES])
{
	const uint64_t *own = walk->full[side], *others = walk->full[!side];
	uint64_t *single = walk->single[side];
	struct sieve wanted = {0}, found = {0};
	uint64_t count = 0;

	for (uint32_t i = 0; i <= counts[side] / 64; i++)
		count += (unsigned)__builtin_popcountll(single[i]);
	if (!count)
		return 0;
	int rc = sieve_new(&wanted, count);
	if (!rc)
		rc = sieve_new(&found, count);
	for (uint32_t i = 0; !rc && i < counts[side]; i++)
		if (is_blended(single, i))
			sieve_add(&wanted, own[i]);
	for (uint32_t i = 0; !rc && i < counts[!side]; i++)
		if (sieve_has(&wanted, others[i]))
			sieve_add(&found, map_mix(others[i]));
	for (uint32_t i = 0; !rc && i < counts[side]; i++)
		if (is_blended(single, i) && sieve_has(&found, map_mix(own[i])))
			single[i / 64] &= ~(1ull << i % 64);
	free(wanted.words);
	free(found.words);
	return rc;
}

/* ---- both ----------------------------------------------------------------------------------------------------- */

int strands_blend(const struct strands strands[SIDES], const struct strand *const rows[SIDES], uint64_t *blended[SIDES])
{
	const uint32_t counts[SIDES] = {rows[SIDE_OLD]->count, rows[SIDE_NEW]->count};
	struct walk walk = {.end = {counts[SIDE_OLD], counts[SIDE_NEW]}};
	int rc = 0;

	for (unsigned side = 0; side < SIDES; side++) {
		walk.full[side] = strands[side].full + rows[side]->from;
		walk.single[side] = blended[side] = calloc(counts[side] / 64 + 1ull, sizeof(*blended[side]));
		rc = blended[side] ? rc : -ENOMEM;
	}
	if (rc)
		return rc;
	go_through(&walk);
	rc = drop_common(&walk, SIDE_OLD, counts);
	if (!rc)
		rc = drop_common(&walk, SIDE_NEW, counts);
	for (unsigned side = 0; !rc && side < SIDES; side++)
		for (uint32_t i = 0; i < counts[side]; i++)
			if (is_blended(blended[side], i))
				strands[side].full[rows[side]->from + i] =
					token_coarse(&strands[side], strands[side].list[rows[side]->from + i]);
	return rc;
}

void strand_unblend(const struct strands *strands, const struct strand *row, uint64_t *blended)
{
	for (uint32_t i = 0; blended && i < row->count; i++)
		if (is_blended(blended, i))
			strands->full[row->from + i] = token_full(strands, strands->list[row->from + i]);
	free(blended);
}
