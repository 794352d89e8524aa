// SPDX-License-Identifier: MIT
/*
 * When the collector looks at the rings again, and when what they hold is worth a frame. It knows how rings filled
 * between looks, and reads neither rings nor clocks.
 */
#ifndef IPCTRACE_TRACE_PACE_H
#define IPCTRACE_TRACE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/drain.h"

/* How the rings fill: the quickest by so many bytes in the time since the last look. */
struct growth {
	uint64_t elapsed; /* ns */
	uint64_t bytes;
	bool is_steady; /* the same number of threads */
};

/* All times are CLOCK_MONOTONIC, ns. */
struct pace {
	uint64_t ring_size;
	uint32_t full_policy; /* enum full_policy */
	bool hurries;	      /* the end is near */
	uint32_t claimed;     /* slots, at the last look */
	uint64_t active_at;   /* the last look at which something had happened */
	uint64_t looked_at;   /* the last look */
	uint64_t woken_at;    /* when it was to be */
	uint64_t late;	      /* how much later looks are than they were to be */
	uint64_t sleep;	      /* how long the next sleep is to be */
	uint64_t due;	      /* with how many bytes a ring is to be emptied */
	struct growth growth;
};

/* Before the first look. */
void pace_begin(struct pace *pace, uint64_t ring_size, uint32_t full_policy, uint64_t now);

/* A look found `pending`. Rings are emptied with `room` bytes at the latest. */
void pace_look(struct pace *pace, const struct drain_pending *pending, uint64_t room, uint64_t now);

/* Whether a ring that held so many bytes at the look is to be emptied. */
bool pace_is_due(const struct pace *pace, uint64_t bytes);

/* Chooses pace->sleep, when the fullest ring holds so many bytes, and how soundly to sleep. */
enum collector_sleep pace_rest(struct pace *pace, uint64_t bytes, uint64_t now);

#endif
