// SPDX-License-Identifier: MIT
/*
 * A decoded event: what a raw record and a row of the log's columns both become, and what every reader works on.
 *
 * Views only: `items` and their bytes belong to the batch or record they were decoded from and live as long as it.
 */
#ifndef IPCTRACE_FORMAT_EVENT_H
#define IPCTRACE_FORMAT_EVENT_H

#include "format/record.h"

/* One item behind an argument; fields as in struct item. */
struct event_item {
	uint8_t arg;
	uint8_t form;
	uint16_t index;
	uint32_t size;
	uint32_t total;
	uint32_t hash;
	const uint8_t *bytes;
};

struct event {
	const struct catalogue *catalogue;
	const struct call_spec *call;
	uint32_t pid, tid;
	uint64_t sequence; /* number of this event in its thread's stream, from 0; lost events have numbers too */
	uint64_t enter;	   /* ticks */
	uint64_t duration; /* ticks */
	int64_t result;
	uint16_t error;	 /* errno; 0 when the call did not fail */
	uint8_t outcome; /* enum outcome */
	bool borrowed;
	uint64_t site;
	uint64_t args[CALL_ARGS_MAX];
	uint32_t items_count;
	const struct event_item *items;
};

/* The first item of `form` that belongs to argument `arg` (and element `index`), or NULL. */
static inline const struct event_item *event_item(const struct event *event, unsigned arg, enum item_form form,
						  unsigned index)
{
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->arg == arg && item->form == form && item->index == index)
			return item;
	}
	return NULL;
}

#endif
