// SPDX-License-Identifier: MIT
/*
 * The clocks: ticks, which stamp every event, and what they mean in nanoseconds.
 *
 * Ticks are the processor's time stamp counter where that counts evenly, CLOCK_MONOTONIC in nanoseconds elsewhere.
 */
#ifndef IPCTRACE_TRACE_CLOCK_H
#define IPCTRACE_TRACE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "format/log_head.h"

/* Whether ticks are those of the time stamp counter on this machine: one that never stops or changes its speed. */
bool tsc_is_steady(void);

uint64_t ticks_read(bool is_tsc);

/* CLOCK_MONOTONIC in ns. */
uint64_t monotonic_now(void);

/* All clocks, read within a fraction of a microsecond: the best of a few attempts. */
struct log_anchor anchor_read(bool is_tsc);

#endif
