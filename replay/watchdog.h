// SPDX-License-Identifier: MIT
/*
 * Notices that a replay stands still, and says who waits for whom.
 */
#ifndef IPCTRACE_REPLAY_WATCHDOG_H
#define IPCTRACE_REPLAY_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/text.h"
#include "replay/score.h"

struct watchdog {
	uint64_t patience; /* ns */
	uint64_t done;	   /* acts that were over when it last looked */
	uint64_t since;	   /* CLOCK_MONOTONIC ns: since when it is so many */
};

/* Looks. True when nothing has happened for too long and nothing was due to. */
bool watchdog_barks(struct watchdog *watchdog, struct score *score);

/* The wait-for graph: one line for every thread that is not over. */
void watchdog_print(struct score *score, struct text *out);

#endif
