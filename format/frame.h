// SPDX-License-Identifier: MIT
/*
 * One frame of a log, decoded: the clock readings around it and an array of each sort of object, in the order in which
 * they stand.
 *
 * Everything is owned by the frame, including texts (NUL-terminated copies) and the bytes of items, and lives until
 * the frame is read into again or freed. Absent texts are empty, never NULL.
 */
#ifndef IPCTRACE_FORMAT_FRAME_H
#define IPCTRACE_FORMAT_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "format/batch_decode.h"
#include "format/log_head.h"
#include "format/object.h"
#include "format/posix_object.h"

struct frame_module {
	uint64_t base, start, end; /* as in struct item_module */
	const uint8_t *build_id;
	uint32_t build_id_size;
	const char *path;
};

struct frame_open_fd {
	int32_t fd;
	const char *link;
};

struct frame_process {
	uint32_t pid, parent;
	uint32_t origin; /* enum process_origin */
	uint32_t uid;
	uint64_t ticks, start_time;
	const char *exe, *cwd;
	const char *const *argv;
	uint32_t argc;
	uint32_t modules_count, fds_count;
	const struct frame_module *modules;
	const struct frame_open_fd *fds;
};

struct frame_thread {
	uint32_t pid, tid, creator, ordinal;
	uint64_t ticks, start;
};

struct frame_thread_end {
	uint32_t pid, tid;
	uint64_t ticks, made, lost;
};

struct frame_stack {
	uint32_t pid, depth;
	uint64_t hash;
	const uint64_t *frames; /* return addresses, innermost first */
};

struct frame_modules {
	uint32_t pid, count;
	uint64_t ticks;
	const struct frame_module *modules;
};

/* A call in flight; `event` has outcome OUTCOME_UNFINISHED, no items, no result, and no number in its stream. */
struct frame_unfinished {
	struct event event;
};

struct frame {
	uint64_t number; /* frames are numbered from 0; a gap means that one is missing */
	struct log_anchor before, after;
	uint64_t offset, size; /* where it stands in the file, compressed */
	uint64_t content_size; /* uncompressed */
	const struct frame_process *processes;
	const struct frame_thread *threads;
	const struct frame_thread_end *thread_ends;
	const struct frame_stack *stacks;
	const struct frame_modules *modules;
	const struct frame_unfinished *unfinished;
	const struct batch_view *batches;
	const struct object_control *controls;
	const struct object_end *end;	  /* NULL when the frame has none */
	const struct object_posix *posix; /* likewise */
	uint32_t processes_count, threads_count, thread_ends_count, stacks_count, modules_count, unfinished_count,
		batches_count, controls_count;
	uint32_t unknown_count; /* objects of sorts this build does not know, passed over */
	char damage[160];	/* why it could not be read, after LOG_E_DAMAGED */
	struct frame_memory *memory;
};

/* NULL is allowed. */
void frame_free(struct frame *frame);

#endif
