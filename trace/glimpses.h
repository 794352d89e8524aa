// SPDX-License-Identifier: MIT
/*
 * What was seen behind the arguments of calls that wait for long, slot by slot: when their processes are killed it is
 * too late to look. Knows no clock: whoever calls decides how long is long. Nothing is asked of the traced program.
 */
#ifndef IPCTRACE_TRACE_GLIMPSES_H
#define IPCTRACE_TRACE_GLIMPSES_H

#include <stdbool.h>

#include "format/glimpse.h"
#include "trace/live_area.h"

struct glimpses;

/* `area` and `catalogue` are borrowed. 0 or -ENOMEM. */
int glimpses_new(struct glimpses **glimpses, const struct live_area *area, const struct catalogue *catalogue);
void glimpses_free(struct glimpses *glimpses);

/*
 * Looks behind each call that was in flight at the last look already, or, `at_once`, behind all that are: each once.
 * Where there is no memory for what was seen it is forgotten.
 */
void glimpses_look(struct glimpses *glimpses, bool at_once);

/* The latest of slot `index`, which may be of a call that has returned; NULL when there is none. */
const struct glimpse *glimpses_of(const struct glimpses *glimpses, uint32_t index);

#endif
