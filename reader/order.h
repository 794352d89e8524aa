// SPDX-License-Identifier: MIT
/*
 * The order of time over the frames of a trace.
 *
 * Frames follow one another by the end of their calls; order is wanted by their beginning. A first look at every
 * frame's columns (order_survey) copies out the calls that began before the frame before theirs had its first event: a
 * handful a frame, those that waited long. A frame's other events are merged once time has come to that point, so that
 * two or three frames are in memory at once.
 *
 * Nothing is kept of a frame: when the next one is due follows from those before it, and of the calls copied out no
 * more are in memory than stragglers take; the others are copied when their time comes.
 */
#ifndef IPCTRACE_READER_ORDER_H
#define IPCTRACE_READER_ORDER_H

#include "reader/ahead.h"
#include "reader/straggler.h"
#include "reader/trace.h"

struct order_cursor;

/* Neighbouring frames, as many as order->group_frames. */
struct order_group {
	uint64_t from; /* events of the first one that began before are stragglers */
	struct straggler_span span;
};

struct order_slot {
	struct frame *frame;
	uint64_t bytes;
	uint32_t left; /* batches not yet gone through */
};

/* A process, thread or the like that is to be put in its place. */
struct order_mark {
	uint64_t ticks;
	const void *what; /* what the pointer of `kind` in struct trace_entry points to */
	enum trace_kind kind;
};

/* The next frame, looked at before it is due. */
struct order_pending {
	bool is_there;
	struct frame *frame; /* the first one of `ahead` */
	uint64_t opens;	     /* when it must be open; none that follows needs to be before */
	uint64_t bytes;	     /* about what it takes decoded */
	struct order_cursor *cursors;
	size_t count, room;
};

struct order {
	/* Reads frame `index` of whatever is ordered; as trace_frame_read(), from two threads. */
	int (*read)(void *source, size_t index, struct frame **frame);
	void *source;

	struct stragglers stragglers;
	struct order_group *groups;
	struct order_mark *marks;
	size_t groups_count, marks_count;
	size_t groups_room, marks_room;
	size_t group_frames;
	size_t first_frame, end_frame; /* what was surveyed */
	uint64_t events;	       /* at most so many will be given */
	/*
	 * The latest of the first ends of calls in the frames surveyed, or, while going through, in those before
	 * `next_frame`: what began before and stands in the next one is a straggler.
	 */
	uint64_t from;

	struct order_slot *slots;
	size_t slots_count, slots_room;
	uint64_t open_bytes; /* of the frames in them */
	struct order_cursor **heap;
	size_t heap_count, heap_room;
	bool is_given;	     /* heap[0] was given last */
	struct ahead *ahead; /* over the frames from `next_frame` on; NULL before the first one */
	struct order_pending pending;
	struct frame *spare;
	uint32_t *free_ids; /* numbers that cursors over batches have given back */
	size_t free_ids_count, free_ids_room, ids_count;
	size_t next_frame;
	uint64_t serial;
	struct event event;
};

/* Looks at frame `index`, which is decoded in `frame`; indices rise. 0 or -ENOMEM. */
int order_survey(struct order *order, size_t index, const struct frame *frame);

/* The end of the first call of `frame` to end, 0 when it has none. */
uint64_t order_first_end(const struct frame *frame);

/* Collects the stragglers from `floor` on, as many as there is room for. 0 or -errno. */
int order_collect(struct order *order, struct straggler_key floor);

/* Puts a mark in its place; what it points to must stay. 0 or -ENOMEM. */
int order_mark(struct order *order, const struct order_mark *mark);

/* After the last survey or mark: go to the beginning. 0 or -ENOMEM. */
int order_start(struct order *order);

/* The next entry, and with it at most `most` - 1 of what follows; as trace_next_rows(). 0, TRACE_E_END or -errno. */
int order_next(struct order *order, struct trace_entry *entry, uint32_t most, uint32_t *rows);

/* Forgets what was surveyed; `read`, `source` and what stragglers may take stay. */
void order_clear(struct order *order);

#endif
