// SPDX-License-Identifier: MIT
/*
 * Touches everything that a decoded frame offers, so that a sanitizer sees every pointer followed.
 */
#ifndef IPCTRACE_TESTS_FUZZ_VISIT_H
#define IPCTRACE_TESTS_FUZZ_VISIT_H

#include <stdlib.h>
#include <string.h>

#include "format/frame.h"

static volatile uint64_t visit_sum;

static void bytes_visit(const uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		visit_sum += bytes[i];
}

static void event_visit(const struct event *event)
{
	visit_sum += strlen(event->call->name) + event->enter + event->duration + (uint64_t)event->result;
	for (unsigned arg = 0; arg < event->call->argc; arg++) {
		struct value_spec value = catalogue_resolve(event->catalogue, event->call, arg, event->args);
		if (value.kind == KIND_STRUCT)
			visit_sum += strlen(event->catalogue->structs[value.table].name);
	}
	for (uint32_t i = 0; i < event->items_count; i++)
		bytes_visit(event->items[i].bytes, event->items[i].size);
}

static void modules_visit(const struct frame_module *modules, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		bytes_visit(modules[i].build_id, modules[i].build_id_size);
		visit_sum += strlen(modules[i].path);
	}
}

static void process_visit(const struct frame_process *process)
{
	visit_sum += strlen(process->exe) + strlen(process->cwd);
	for (uint32_t i = 0; i < process->argc; i++)
		visit_sum += strlen(process->argv[i]);
	for (uint32_t i = 0; i < process->fds_count; i++)
		visit_sum += strlen(process->fds[i].link);
	modules_visit(process->modules, process->modules_count);
}

static void frame_visit(const struct frame *frame)
{
	struct event event;

	for (uint32_t i = 0; i < frame->batches_count; i++)
		for (uint32_t row = 0; row < frame->batches[i].count; row++) {
			batch_event(&frame->batches[i], row, &event);
			event_visit(&event);
		}
	for (uint32_t i = 0; i < frame->processes_count; i++)
		process_visit(&frame->processes[i]);
	for (uint32_t i = 0; i < frame->modules_count; i++)
		modules_visit(frame->modules[i].modules, frame->modules[i].count);
	for (uint32_t i = 0; i < frame->stacks_count; i++)
		for (uint32_t at = 0; at < frame->stacks[i].depth; at++)
			visit_sum += frame->stacks[i].frames[at];
	for (uint32_t i = 0; i < frame->unfinished_count; i++)
		event_visit(&frame->unfinished[i].event);
	if (frame->end)
		visit_sum += frame->end->events;
}

#endif
