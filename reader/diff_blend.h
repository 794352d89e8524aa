// SPDX-License-Identifier: MIT
/*
 * What two strands are aligned by: full tokens where the other side has them too, else only what is done to what. So a
 * changed payload finds its partner, and one message less in many alike shifts nothing.
 */
#ifndef IPCTRACE_READER_DIFF_BLEND_H
#define IPCTRACE_READER_DIFF_BLEND_H

#include "reader/diff_strand.h"

/*
 * Writes it over `full` of both strands, since other arrays would be as long as the runs; `blended` says where, a bit a
 * token. 0 or -ENOMEM. In any case `full` is to be restored, and `blended` freed, with strand_unblend().
 */
int strands_blend(const struct strands strands[SIDES], const struct strand *const rows[SIDES],
		  uint64_t *blended[SIDES]);
void strand_unblend(const struct strands *strands, const struct strand *row, uint64_t *blended);

static inline bool is_blended(const uint64_t *blended, uint32_t place)
{
	return blended[place / 64] >> place % 64 & 1;
}

#endif
