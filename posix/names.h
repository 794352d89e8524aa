// SPDX-License-Identifier: MIT
/*
 * The names of event types: one table for a process and all that it forks, in memory that they share, so that whoever
 * is traced into the same stream means the same by a number. Numbers are never given back.
 */
#ifndef IPCTRACE_POSIX_NAMES_H
#define IPCTRACE_POSIX_NAMES_H

#include <stdint.h>

#include "posix/record.h"

/* The name of a predefined event, as the standard has it; NULL for other numbers. */
const char *event_name_predefined(trace_event_id_t event);

/* The name of an event type of this process; NULL for numbers that have none. It lives as long as the process. */
const char *event_name(trace_event_id_t event);

/* The number that stands for `name`: the one it has, or a new one. 0, ENAMETOOLONG, EINVAL or ENOMEM. */
int event_name_open(const char *name, trace_event_id_t *event);

/* How many user event types have names: they have the numbers from EVENT_USER_FIRST on. */
uint32_t event_names_count(void);

#endif
