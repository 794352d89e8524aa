// SPDX-License-Identifier: MIT
/*
 * Tries the ways in which seeds are made: the pid shifted by some bits, and xored with the time or added to it.
 */
#include "reader/chance_seed.h"

/* Who draws by lot soon says so. The more times are tried, the more words would be seeds by chance. */
#define AGE_MAX 60u
/* Pids have up to 22 bits. */
#define SHIFT_MAX 16u
/* Smaller ones are those of nearly everybody. */
#define PID_MIN 300u

enum seed_way { SEED_XOR, SEED_SUM, SEED_WAYS };

static bool is_seed(uint32_t word, const struct seed_source *source, enum seed_way way, unsigned shift)
{
	uint64_t first = source->said - AGE_MAX;

	for (uint64_t second = first > source->made ? first : source->made; second <= source->said + 1; second++) {
		uint32_t rest = way == SEED_XOR ? word ^ (uint32_t)second : word - (uint32_t)second;
		bool is_shifted = !(rest & ((1u << shift) - 1));
		if (is_shifted && rest >> shift > PID_MIN && map_get(source->pids, rest >> shift))
			return true;
	}
	return false;
}

bool words_are_seeds(const uint32_t words[2], const struct seed_source sources[2])
{
	for (unsigned side = 0; side < 2; side++)
		if (!sources[side].made || sources[side].said < sources[side].made || !sources[side].pids)
			return false;
	for (unsigned way = 0; way < SEED_WAYS; way++)
		for (unsigned shift = 0; shift <= SHIFT_MAX; shift++)
			if (is_seed(words[0], &sources[0], way, shift) && is_seed(words[1], &sources[1], way, shift))
				return true;
	return false;
}
