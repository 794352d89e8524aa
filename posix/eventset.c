// SPDX-License-Identifier: MIT
/*
 * posix_trace_eventset_*(): sets of event types, in the caller's memory. Nothing here knows of a stream.
 */
#include <errno.h>
#include <string.h>

#include "posix/record.h"

static int id_check(trace_event_id_t event_id, const trace_event_set_t *set)
{
	return set && event_id && event_id < EVENT_ID_COUNT ? 0 : EINVAL;
}

PUBLIC int posix_trace_eventset_add(trace_event_id_t event_id, trace_event_set_t *set)
{
	int rc = id_check(event_id, set);

	if (!rc)
		set->__bits[event_id / 64] |= 1ull << event_id % 64;
	return rc;
}

PUBLIC int posix_trace_eventset_del(trace_event_id_t event_id, trace_event_set_t *set)
{
	int rc = id_check(event_id, set);

	if (!rc)
		set->__bits[event_id / 64] &= ~(1ull << event_id % 64);
	return rc;
}

PUBLIC int posix_trace_eventset_empty(trace_event_set_t *set)
{
	if (!set)
		return EINVAL;
	memset(set, 0, sizeof(*set));
	return 0;
}

static void fill_range(trace_event_set_t *set, trace_event_id_t first, trace_event_id_t end)
{
	for (trace_event_id_t id = first; id < end; id++)
		set->__bits[id / 64] |= 1ull << id % 64;
}

/* There are no system events of our own that belong to no process: POSIX_TRACE_WOPID_EVENTS is nothing. */
PUBLIC int posix_trace_eventset_fill(trace_event_set_t *set, int what)
{
	if (!set || what < POSIX_TRACE_WOPID_EVENTS || what > POSIX_TRACE_ALL_EVENTS)
		return EINVAL;
	memset(set, 0, sizeof(*set));
	if (what == POSIX_TRACE_WOPID_EVENTS)
		return 0;
	fill_range(set, POSIX_TRACE_ERROR, POSIX_TRACE_UNNAMED_USER_EVENT);
	fill_range(set, EVENT_CALL_FIRST, EVENT_ID_COUNT);
	if (what == POSIX_TRACE_ALL_EVENTS)
		fill_range(set, POSIX_TRACE_UNNAMED_USER_EVENT, EVENT_CALL_FIRST);
	return 0;
}

PUBLIC int posix_trace_eventset_ismember(trace_event_id_t event_id, const trace_event_set_t *restrict set,
					 int *restrict ismember)
{
	int rc = ismember ? id_check(event_id, set) : EINVAL;

	if (!rc)
		*ismember = set->__bits[event_id / 64] >> event_id % 64 & 1;
	return rc;
}
