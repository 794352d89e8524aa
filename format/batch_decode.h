// SPDX-License-Identifier: MIT
/*
 * One "events" object, decoded: columns over all its events, and the distinct shapes they refer to.
 *
 * Event `i` of a batch is row `i` of each column plus shape `shapes[shape[i]]`. Any event can be looked at in any
 * order. Everything belongs to the frame the batch was decoded from.
 */
#ifndef IPCTRACE_FORMAT_BATCH_DECODE_H
#define IPCTRACE_FORMAT_BATCH_DECODE_H

#include <string.h>

#include "format/event.h"

struct batch_items {
	const struct event_item *items;
	uint32_t count;
};

/* The fields of one call that have a column of their own, indexed by the event's rank among those of its call. */
struct batch_varying {
	const uint64_t *args[CALL_ARGS_MAX]; /* NULL: in the shape */
	const struct batch_items *lists;     /* NULL: in the shape */
	const uint32_t *list;		     /* index into `lists` */
};

/* What the events of a batch have in common. Varying arguments are 0 and varying items absent here. */
struct batch_shape {
	const struct call_spec *call;
	uint64_t site;
	uint64_t args[CALL_ARGS_MAX];
	struct batch_items items;
	const struct batch_varying *varying; /* NULL when nothing varies */
	uint16_t call_index;		     /* in the catalogue */
	uint16_t error;
	uint8_t outcome;
	bool borrowed;
};

struct batch_view {
	const struct catalogue *catalogue;
	uint32_t pid, tid;
	uint64_t first; /* number of the first event in its thread's stream */
	uint64_t lost;	/* events of the stream lost directly before it */
	uint32_t count;
	uint32_t shapes_count;
	const struct batch_shape *shapes;
	const uint32_t *shape;
	const uint64_t *enter;	  /* ticks */
	const uint64_t *duration; /* ticks */
	const int64_t *result;
	const uint32_t *rank; /* number of the event among those of the same call; NULL when nothing varies */
};

/* Fill `event` from row `i` < view->count. Pointers in it live as long as the frame. */
static inline void batch_event(const struct batch_view *view, uint32_t i, struct event *event)
{
	const struct batch_shape *shape = &view->shapes[view->shape[i]];
	const struct batch_varying *varying = shape->varying;

	event->catalogue = view->catalogue;
	event->call = shape->call;
	event->pid = view->pid;
	event->tid = view->tid;
	event->sequence = view->first + i;
	event->enter = view->enter[i];
	event->duration = view->duration[i];
	event->result = view->result[i];
	event->error = shape->error;
	event->outcome = shape->outcome;
	event->borrowed = shape->borrowed;
	event->site = shape->site;
	memcpy(event->args, shape->args, sizeof(event->args));
	event->items_count = shape->items.count;
	event->items = shape->items.items;
	if (!varying)
		return;
	uint32_t rank = view->rank[i];
	for (unsigned arg = 0; arg < CALL_ARGS_MAX; arg++)
		if (varying->args[arg])
			event->args[arg] = varying->args[arg][rank];
	if (varying->lists) {
		const struct batch_items *list = &varying->lists[varying->list[rank]];
		event->items_count = list->count;
		event->items = list->items;
	}
}

#endif
