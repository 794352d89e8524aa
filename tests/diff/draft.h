// SPDX-License-Identifier: MIT
/*
 * A log in memory, free to be changed: its calls by thread in the order in which they ended, everything else by the
 * frame it stood in. What is written again is whole, numbered without gaps and checksummed, whatever was changed.
 *
 * For tests only: it takes whole logs and holds them entirely, and memory that cannot be had ends the program. It knows
 * no call by name and decides nothing about what to change (tests/diff/mutation.h does).
 */
#ifndef IPCTRACE_TESTS_DIFF_DRAFT_H
#define IPCTRACE_TESTS_DIFF_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/arena.h"
#include "format/frame.h"
#include "reader/map.h"
#include "reader/object.h"
#include "reader/trace.h"

/* The number of a call that was not in the log before. */
#define DRAFT_NEW UINT64_MAX

/* Things that calls are about, as reader/identity.h knows them. Number 0 is "none". */
struct draft_object {
	const char *name; /* the latest, as object_name() has it */
	enum object_type type;
	uint16_t socket_type;
	uint32_t peer;	      /* the other end, or 0 */
	uint64_t first, last; /* ticks at which calls about it were entered */
};

struct draft_event {
	struct event event; /* its sequence counts when it is written; items belong to the draft */
	uint64_t was;	    /* its number in the log that was read, or DRAFT_NEW */
	uint32_t frame;	    /* the first frame that may hold it */
	uint32_t stream;
	uint32_t object; /* what it is about */
};

/* The calls of one thread of one image. */
struct draft_stream {
	uint32_t pid, tid;
	uint32_t frame;		    /* where its thread was announced */
	struct frame_thread *begin; /* NULL when it was not */
	struct frame_thread_end *end;
	struct draft_event **events;
	size_t count, room;
};

/* A frame without its calls. All arrays may be changed. */
struct draft_frame {
	struct log_anchor before, after;
	struct frame_process *processes;
	struct frame_thread *threads;
	struct frame_thread_end *thread_ends;
	struct frame_stack *stacks;
	struct frame_modules *modules;
	struct frame_unfinished *unfinished;
	uint32_t processes_count, threads_count, thread_ends_count, stacks_count, modules_count, unfinished_count;
};

struct draft {
	struct trace *trace;
	struct frame **read; /* what items and texts lie in */
	struct draft_frame *frames;
	size_t frames_count;
	struct draft_stream *streams;
	size_t streams_count, streams_room;
	struct draft_object *objects;
	size_t objects_count;
	uint16_t *chosen_ports; /* local ports that the kernel chose */
	size_t chosen_ports_count;
	struct object_end end;
	struct arena arena;
};

/* Reads the whole log at `path`. 0; 1 when it cannot be read or is not whole, with a line in trouble->text. */
int draft_read(struct draft *draft, const char *path, struct log_trouble *trouble);

/* Writes it to a new file; the sequence of every event is set. 0 or -errno. */
int draft_write(struct draft *draft, const char *path);

void draft_free(struct draft *draft);

/* `count` zeroed things of `size` bytes that live as long as the draft. Never NULL. */
void *draft_memory(struct draft *draft, size_t count, size_t size);

/* A call like `like`, to be put somewhere. */
struct draft_event *draft_event_copy(struct draft *draft, const struct draft_event *like);
void draft_insert(struct draft *draft, uint32_t stream, size_t at, struct draft_event *event);
void draft_remove(struct draft *draft, uint32_t stream, size_t at);

/* The items of an event as a copy of its own, which it now has; so far its bytes are shared. */
struct event_item *draft_items(struct draft *draft, struct event *event);

/* The bytes of an item as a copy of its own, which it now has. */
uint8_t *draft_bytes(struct draft *draft, struct event_item *item);

/*
 * Calls `change` with every number in a call whose meaning the catalogue tells: result, arguments (pointers as
 * KIND_ADDRESS), and what was found behind them. Numbers are sign-extended when signed; what `change` returns takes
 * their place.
 */
typedef uint64_t draft_change(void *context, enum kind kind, uint64_t value);
void draft_values(struct draft *draft, struct event *event, draft_change *change, void *context);

static inline uint64_t event_end(const struct draft_event *event)
{
	return event->event.enter + event->event.duration;
}

#endif
