// SPDX-License-Identifier: MIT
/*
 * Where tokens stand in their strands, found by search: tables by token would need as much memory as the tokens.
 */
#ifndef IPCTRACE_READER_DIFF_PLACE_H
#define IPCTRACE_READER_DIFF_PLACE_H

#include "reader/diff_strand.h"

/* Where `token` stands in the list of its strand; where it would stand when it was absorbed. */
uint32_t strands_place(const struct strands *strands, uint32_t token);

/* The full hash of `token`; 0 when it was absorbed. */
uint64_t strands_full(const struct strands *strands, uint32_t token);

/*
 * How often the `turn` tokens from `place` on are repeated without a break, in the direction of `step` (1 or -1) inside
 * their strand: 1 when not at all. Counts up to `most`.
 */
uint32_t strands_turns(const struct strands *strands, uint32_t strand, int64_t place, int step, uint32_t turn,
		       uint32_t most);

#endif
