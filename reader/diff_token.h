// SPDX-License-Identifier: MIT
/*
 * What tokens look like where they stand: numbers that are equal on both sides for calls that do the same.
 */
#ifndef IPCTRACE_READER_DIFF_TOKEN_H
#define IPCTRACE_READER_DIFF_TOKEN_H

#include "reader/diff_strand.h"

/* Makes `full` and `local`, and the contents of the strands. 0 or -ENOMEM. */
int strands_describe(struct strands *strands);

/* Afterwards: what a token does to what; and with what, as in `full`. */
uint64_t token_coarse(const struct strands *strands, uint32_t token);
uint64_t token_full(const struct strands *strands, uint32_t token);

#endif
