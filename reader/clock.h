// SPDX-License-Identifier: MIT
/*
 * From ticks to time: straight lines between the clock readings (anchors) that a log carries, as docs/format.md says.
 * Reads no clock itself. Of more than CLOCK_POINTS_MAX readings every second, fourth, ... is kept: memory does not grow
 * with the trace, and time is off by what the clocks swerved between two that are kept.
 */
#ifndef IPCTRACE_READER_CLOCK_H
#define IPCTRACE_READER_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "format/log_head.h"

/* 2 MiB; two readings a frame make it the first 65,536 frames, hours of an ordinary trace. */
#define CLOCK_POINTS_MAX 131072u

struct clock_point {
	uint64_t ticks, monotonic;
};

struct clock {
	/* Rising in both; every `stride`th of the readings, and the last one. */
	struct clock_point *points;
	size_t count, room;
	uint64_t taken, stride;
	struct log_anchor first, last;
	size_t at; /* where the last look-up ended: the next is near */
};

/* Takes one reading; one that does not lie after the last in both clocks adds nothing. 0 or -ENOMEM. */
int clock_add(struct clock *clock, const struct log_anchor *anchor);
void clock_free(struct clock *clock);

/* CLOCK_MONOTONIC at `ticks`, ns; 0 without any reading. Beyond the readings the slope is that of all of them. */
uint64_t clock_monotonic(struct clock *clock, uint64_t ticks);

/* ns since the epoch: monotonic time plus what lay between the two clocks at the first reading. */
uint64_t clock_realtime(struct clock *clock, uint64_t ticks);

#endif
