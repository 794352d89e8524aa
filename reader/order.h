// SPDX-License-Identifier: MIT
/*
 * The order of time over the frames of a trace.
 *
 * Frames follow one another by the end of their calls; order is wanted by their beginning. A first look at every
 * frame's columns (order_survey) copies out the calls that began before the frame before theirs had its first event: a
 * handful a frame, those that waited long. A frame's other events are merged once time has come to that point, so that
 * two or three frames are in memory at once.
 *
 * Where a frame has too many early events to be copied (rings left alone until the end), it is opened early instead.
 */
#ifndef IPCTRACE_READER_ORDER_H
#define IPCTRACE_READER_ORDER_H

#include "format/arena.h"
#include "reader/ahead.h"
#include "reader/trace.h"

struct order_cursor;

struct order_frame {
	uint64_t from;	/* events that began before are stragglers, copied out */
	uint64_t opens; /* when the frame must be there */
	uint64_t bytes; /* about what it takes decoded */
	uint32_t index;
};

struct order_slot {
	struct frame *frame;
	uint64_t bytes;
	uint32_t left; /* batches not yet gone through */
};

struct order {
	/* Reads frame `index` of whatever is ordered; as trace_frame_read(), from two threads. */
	int (*read)(void *source, size_t index, struct frame **frame);
	void *source;

	struct arena arena;
	struct order_frame *frames;
	struct event **stragglers;
	struct trace_entry *marks;
	size_t frames_count, stragglers_count, marks_count;
	size_t frames_room, stragglers_room, marks_room;
	uint64_t previous_end; /* the latest of the earliest ends of calls in the frames surveyed */
	uint64_t events;       /* at most so many will be given */

	struct order_slot *slots;
	size_t slots_count, slots_room;
	uint64_t open_bytes; /* of the frames in them */
	struct order_cursor **heap;
	size_t heap_count, heap_room;
	bool is_given;	     /* heap[0] was given last */
	struct ahead *ahead; /* over the frames from `next_frame` on; NULL before the first one */
	struct frame *spare;
	uint32_t *free_ids; /* numbers that cursors over batches have given back */
	size_t free_ids_count, free_ids_room, ids_count;
	size_t next_frame;
	uint64_t serial;
	struct event event;
};

/* Looks at frame `index`, which is decoded in `frame`. 0 or -ENOMEM. */
int order_survey(struct order *order, size_t index, const struct frame *frame);

/* A process, thread or the like to be put in its place; `entry` is copied, what it points to must stay. 0 or -ENOMEM.
 */
int order_mark(struct order *order, const struct trace_entry *entry);

/* After the last survey or mark: go to the beginning. 0 or -ENOMEM. */
int order_start(struct order *order);

/* The next entry, and with it at most `most` - 1 of what follows; as trace_next_rows(). 0, TRACE_E_END or -errno. */
int order_next(struct order *order, struct trace_entry *entry, uint32_t most, uint32_t *rows);

/* Forgets what was surveyed; `read` and `source` stay. */
void order_clear(struct order *order);

#endif
