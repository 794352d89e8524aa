// SPDX-License-Identifier: MIT
/*
 * When a thing is due that happened at some time of the record: deadlines are absolute, so that being late once makes
 * nothing after it later. Counts how late it was. Knows nothing of what is done then.
 */
#ifndef IPCTRACE_REPLAY_PACE_H
#define IPCTRACE_REPLAY_PACE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "reader/histogram.h"
#include "reader/text.h"

struct pace {
	double speed;	   /* times the recorded pace; 0: no waiting */
	uint64_t max_gap;  /* ns that the wait between two things takes at most */
	uint64_t begun;	   /* CLOCK_MONOTONIC of the first, ns; 0 before it */
	uint64_t previous; /* recorded time of the one before, ns */
	uint64_t due;	   /* ns after `begun` */
	uint64_t count;
	struct histogram late; /* ns */
};

/* CLOCK_MONOTONIC, ns. */
uint64_t pace_now(void);

/*
 * When that which was recorded at `time` (ns, any origin; never earlier than the one before) is due, as
 * CLOCK_MONOTONIC ns. The first is due at once.
 */
uint64_t pace_due(struct pace *pace, uint64_t time);

/* Waits for `due`, or until *stopped is set by a signal handler: then false. */
bool pace_wait(uint64_t due, const volatile sig_atomic_t *stopped);

/* What was due at `due` is done now. */
void pace_done(struct pace *pace, uint64_t due);

/* "late by 12 us (median), 80 us (99 %), 120 us (most)". */
void pace_print_lateness(const struct pace *pace, struct text *out);

/* "1", "0.5", "max". 0, or positive when it is none of these. */
int pace_parse_speed(const char *value, double *speed);

/* "2s", "100ms", "50us", "1.5" (seconds). 0, or positive when it is none of these. */
int pace_parse_time(const char *value, uint64_t *ns);

#endif
