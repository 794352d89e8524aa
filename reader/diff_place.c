// SPDX-License-Identifier: MIT
/*
 * The lists of strands rise, so a token is found by halving.
 */
#include "reader/diff_place.h"

uint32_t strands_place(const struct strands *strands, uint32_t token)
{
	const struct strand *strand = &strands->rows[strands->of_token[token]];
	uint32_t low = strand->from, high = strand->from + strand->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (strands->list[middle] < token)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t strands_full(const struct strands *strands, uint32_t token)
{
	uint32_t place = strands_place(strands, token);
	const struct strand *strand = &strands->rows[strands->of_token[token]];
	bool is_there = place < strand->from + strand->count && strands->list[place] == token;

	return is_there ? strands->full[place] : 0;
}

uint32_t strands_turns(const struct strands *strands, uint32_t strand, int64_t place, int step, uint32_t turn,
		       uint32_t most)
{
	int64_t from = strands->rows[strand].from, to = from + strands->rows[strand].count;
	uint32_t turns = 0;

	while (turns < most) {
		for (uint32_t i = 0; i < turn; i++) {
			int64_t first = place + (int64_t)i * step, here = first + (int64_t)turns * turn * step;
			if (here < from || here >= to || strands->full[here] != strands->full[first])
				return turns;
		}
		turns++;
	}
	return turns;
}
