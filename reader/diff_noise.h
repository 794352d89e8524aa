// SPDX-License-Identifier: MIT
/*
 * Edits that belong together, and edits that mean nothing: a removed call that came back elsewhere was moved; the same
 * bytes of a stream in other pieces are the same stream.
 */
#ifndef IPCTRACE_READER_DIFF_NOISE_H
#define IPCTRACE_READER_DIFF_NOISE_H

#include "reader/diff_find.h"

/* Joins and marks the edits; those that were joined into others disappear. 0 or -ENOMEM. */
int edits_settle(struct edits *edits, const struct pairing *pairing, const struct strands strands[SIDES]);

#endif
