// SPDX-License-Identifier: MIT
/*
 * What a trace says about its processes, threads and stacks, gathered frame by frame and kept beyond the frames; and
 * the account of what is missing. Knows nothing of order.
 */
#ifndef IPCTRACE_READER_TABLES_H
#define IPCTRACE_READER_TABLES_H

#include "format/arena.h"
#include "format/numbering.h"
#include "reader/index.h"
#include "reader/trace.h"

struct tables_stack {
	const uint64_t *frames;
	uint32_t depth;
};

/* Libraries of an image: those it began with, or some that came later. */
struct tables_modules {
	struct frame_modules seen;
	uint32_t before; /* the entry of the same pid before this one, or INDEX_NONE */
};

/* `thread` is its place among the threads. */
struct tables_thread_end {
	struct frame_thread_end seen;
	uint32_t thread;
};

struct tables {
	struct arena arena;
	struct trace_process *processes;
	uint32_t *process_before; /* the image of the same pid before each, or INDEX_NONE */
	struct trace_thread *threads;
	struct numbering numbering;
	struct tables_thread_end *thread_ends;
	struct tables_modules *modules;
	struct object_control *controls;
	struct tables_stack *stacks;
	size_t processes_count, threads_count, thread_ends_count, modules_count, controls_count, stacks_count;
	size_t processes_room, befores_room, threads_room, thread_ends_room, modules_room, controls_room, stacks_room;
	struct index process_index, thread_index, modules_index, stack_index;
	struct trace_loss loss;
};

/* All zero but for the arena's budget before first use. Takes over what `frame` says. 0 or -ENOMEM. */
int tables_add(struct tables *tables, const struct frame *frame);
void tables_free(struct tables *tables);

/* Whether a thread went on behind what it had said was its end. */
bool tables_thread_end_is_void(const struct tables *tables, const struct tables_thread_end *end);

const struct trace_process *tables_process_at(const struct tables *tables, uint32_t pid, uint64_t ticks);
const struct frame_module *tables_module_at(const struct tables *tables, uint32_t pid, uint64_t ticks,
					    uint64_t address);
const struct tables_stack *tables_stack(const struct tables *tables, uint32_t pid, uint64_t hash);

#endif
