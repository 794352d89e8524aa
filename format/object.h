// SPDX-License-Identifier: MIT
/*
 * From raw record to object of the log, for everything that is not a call: processes, threads, stacks, modules, calls
 * in flight, how the trace was steered, and the end.
 *
 * `bytes` is always how much is readable at `record`; sizes inside are checked against it. OBJECT_E_INVALID: the
 * record does not hold together, nothing was packed. Negative: the packer's buffer could not grow.
 */
#ifndef IPCTRACE_FORMAT_OBJECT_H
#define IPCTRACE_FORMAT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msgpack.h>

#include "format/glimpse.h"
#include "format/live.h"
#include "format/record.h"

enum { OBJECT_E_INVALID = 1 };

/*
 * A process image. The items after the record: ITEM_STRING with index PROCESS_EXE or PROCESS_CWD, ITEM_STRINGS (argv),
 * ITEM_MODULE, ITEM_OPEN_FD; others are passed over.
 */
int object_pack_process(msgpack_packer *out, const struct record_process *record, size_t bytes);

/* A thread that begins to write. */
int object_pack_thread(msgpack_packer *out, const struct record_thread *record, size_t bytes);

/* A thread that ended, and how many events it made and how many of these were lost. */
int object_pack_thread_end(msgpack_packer *out, uint32_t pid, uint32_t tid, uint64_t made, uint64_t lost,
			   const struct record_mark *record, size_t bytes);

/* The addresses behind a stack's hash, in process `pid`. */
int object_pack_stack(msgpack_packer *out, uint32_t pid, const struct record_stack *record, size_t bytes);

/* Libraries that process `pid` loaded later. */
int object_pack_modules(msgpack_packer *out, uint32_t pid, const struct record_mark *record, size_t bytes);

/*
 * A call that had begun and not returned when its process died, or when the trace ended. `glimpse` counts when it is of
 * this call; it may be NULL.
 */
int object_pack_unfinished(msgpack_packer *out, const struct catalogue *catalogue, uint32_t pid, uint32_t tid,
			   const struct live_in_flight *call, const struct glimpse *glimpse);

/* How a running trace was steered. `selection` and `text` may be NULL. */
struct object_control {
	uint64_t ticks;
	uint32_t action;       /* enum control_action, of those that are logged; CONTROL_COUNT: one not known here */
	bool is_suspended;     /* from here on nothing is recorded */
	const char *selection; /* what is recorded when it is not, as given to -e */
	const char *text;      /* of a mark */
};

int object_pack_control(msgpack_packer *out, const struct object_control *control);

/* How the collector finished. A log without it was not closed. */
struct object_end {
	uint64_t ticks;
	uint64_t events;	    /* written to the log */
	uint64_t lost_full;	    /* dropped or overwritten because a ring was full */
	uint64_t lost_without_slot; /* no ring was to be had */
	uint64_t lost_write;	    /* taken from the rings, but the log could not be written */
	uint64_t lost_invalid;	    /* records that did not hold together */
	uint64_t processes, threads;
	uint64_t stacks_missed; /* calls whose stacks were wanted and could not be taken */
	uint64_t bytes;		/* of the log before the frame with this object */
	uint64_t deep_loads;	/* libraries loaded with RTLD_DEEPBIND, whose calls were not seen */
	uint32_t command_end;	/* the status of wait() that the command ended with, plus 1; 0: not known */
};

int object_pack_end(msgpack_packer *out, const struct object_end *end);

#endif
