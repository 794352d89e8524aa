// SPDX-License-Identifier: MIT
/*
 * Words that a program made of the time and of its pid, as it does to begin drawing by lot: `time ^ pid << 6` looks
 * like neither, and is another one in every run.
 */
#ifndef IPCTRACE_READER_CHANCE_SEED_H
#define IPCTRACE_READER_CHANCE_SEED_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/map.h"

/* Of what a word may have been made in one run. */
struct seed_source {
	uint64_t made, said; /* seconds since the epoch: when the trace began, and when the word was said; 0: unknown */
	const struct map *pids; /* of the trace, NULL: unknown */
};

/* Whether both words were made in one way, each of a time shortly before it was said and of a pid of its run. */
bool words_are_seeds(const uint32_t words[2], const struct seed_source sources[2]);

#endif
