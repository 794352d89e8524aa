// SPDX-License-Identifier: MIT
/*
 * An event as it stands in the ring of a POSIX trace stream. This header must not contain behaviour beyond arithmetic
 * on sizes.
 */
#ifndef IPCTRACE_POSIX_RECORD_H
#define IPCTRACE_POSIX_RECORD_H

#include <stdint.h>

#include "format/record.h"
#include "trace.h"

/* A function of the standard: all that the library exports. */
#define PUBLIC __attribute__((visibility("default")))

/* Event types: where those of users and of recorded calls begin, and how many numbers there are. */
#define EVENT_USER_FIRST 16u
#define EVENT_CALL_FIRST 256u
#define EVENT_ID_COUNT	 (8u * (unsigned)sizeof(trace_event_set_t))
/* All but the unnamed one. */
#define EVENT_NAMES_MAX (TRACE_USER_EVENT_MAX - 1u)

struct posix_record {
	struct record_head head;
	uint64_t ticks;
	uint64_t site;	 /* the address that posix_trace_event() returns to, 0 for system events */
	uint64_t thread; /* pthread_t */
	uint32_t pid, tid;
	uint32_t event;
	uint32_t size;	/* bytes of data that follow */
	uint64_t total; /* that there were */
};

static inline uint32_t posix_record_words(uint32_t size)
{
	return (uint32_t)(sizeof(struct posix_record) / 8 + ((uint64_t)size + 7) / 8);
}

/* The largest system event: POSIX_TRACE_FILTER, with the sets before and after. */
#define SYSTEM_DATA_MAX (2u * (uint32_t)sizeof(trace_event_set_t))

#endif
