// SPDX-License-Identifier: MIT
/*
 * Gathers processes, threads, stacks and losses out of frames. Everything kept is copied.
 */
#include "reader/tables.h"
#include "reader/copy.h"
#include "reader/room.h"

#include <errno.h>
#include <stdlib.h>

/* A fork of a fork of a fork...: how far modules are looked for in the processes a copy came from. */
#define ANCESTORS_MAX 64

/* The program itself is loaded without a name: `exe` stands for it. */
static const struct frame_module *copy_modules(struct arena *arena, const struct frame_module *modules, uint32_t count,
					       const char *exe)
{
	struct frame_module *copies = copy_array(arena, modules, count, sizeof(*modules));

	for (uint32_t i = 0; copies && i < count; i++) {
		copies[i].path = *modules[i].path ? copy_text(arena, modules[i].path) : exe;
		copies[i].build_id = copy_array(arena, modules[i].build_id, modules[i].build_id_size, 1);
		if (!copies[i].path || !copies[i].build_id)
			return NULL;
	}
	return copies;
}

static int copy_process(struct arena *arena, struct frame_process *process)
{
	const char **argv = copy_array(arena, process->argv, process->argc, sizeof(*argv));
	struct frame_open_fd *fds = copy_array(arena, process->fds, process->fds_count, sizeof(*fds));

	process->exe = copy_text(arena, process->exe);
	process->cwd = copy_text(arena, process->cwd);
	process->modules = copy_modules(arena, process->modules, process->modules_count, process->exe);
	if (!argv || !fds || !process->exe || !process->cwd || !process->modules)
		return -ENOMEM;
	for (uint32_t i = 0; i < process->argc; i++)
		if (!(argv[i] = copy_text(arena, argv[i])))
			return -ENOMEM;
	for (uint32_t i = 0; i < process->fds_count; i++)
		if (!(fds[i].link = copy_text(arena, fds[i].link)))
			return -ENOMEM;
	process->argv = argv;
	process->fds = fds;
	return 0;
}

static int add_modules(struct tables *tables, const struct frame_modules *modules)
{
	struct tables_modules *added;

	if (MAKE_ROOM(tables->modules, tables->modules_room, tables->modules_count))
		return -ENOMEM;
	added = &tables->modules[tables->modules_count];
	added->seen = *modules;
	added->before = index_get(&tables->modules_index, modules->pid, 0);
	return index_set(&tables->modules_index, modules->pid, 0, (uint32_t)tables->modules_count++);
}

/*
 * Puts an image behind those of the same pid that began before it: a log has them in the order in which their rings
 * were read.
 */
static int chain_process(struct tables *tables, uint32_t number)
{
	const struct trace_process *processes = tables->processes;
	uint32_t pid = processes[number].seen.pid, latest = index_get(&tables->process_index, pid, 0), after;

	if (latest == INDEX_NONE || processes[latest].seen.ticks <= processes[number].seen.ticks) {
		tables->process_before[number] = latest;
		return index_set(&tables->process_index, pid, 0, number);
	}
	do {
		after = latest;
		latest = tables->process_before[after];
	} while (latest != INDEX_NONE && processes[latest].seen.ticks > processes[number].seen.ticks);
	tables->process_before[number] = latest;
	tables->process_before[after] = number;
	return 0;
}

static int add_process(struct tables *tables, const struct frame_process *process)
{
	struct trace_process *added;
	uint32_t number = (uint32_t)tables->processes_count;

	if (MAKE_ROOM(tables->processes, tables->processes_room, number) ||
	    MAKE_ROOM(tables->process_before, tables->befores_room, number))
		return -ENOMEM;
	added = &tables->processes[number];
	*added = (struct trace_process){.seen = *process};
	if (copy_process(&tables->arena, &added->seen))
		return -ENOMEM;
	tables->process_before[number] = INDEX_NONE;
	tables->processes_count++;
	if (added->seen.modules_count) {
		struct frame_modules modules = {.pid = process->pid,
						.count = added->seen.modules_count,
						.ticks = process->ticks,
						.modules = added->seen.modules};
		if (add_modules(tables, &modules))
			return -ENOMEM;
	}
	return chain_process(tables, number);
}

static int add_later_modules(struct tables *tables, const struct frame_modules *modules)
{
	struct frame_modules copy = *modules;

	copy.modules = copy_modules(&tables->arena, modules->modules, modules->count, "");
	return copy.modules ? add_modules(tables, &copy) : -ENOMEM;
}

static int add_thread(struct tables *tables, const struct frame_thread *thread)
{
	uint32_t number = (uint32_t)tables->threads_count;

	if (MAKE_ROOM(tables->threads, tables->threads_room, number))
		return -ENOMEM;
	tables->threads[number] = (struct trace_thread){.seen = *thread};
	tables->threads_count++;
	return index_set(&tables->thread_index, thread->pid, thread->tid, number);
}

/* docs/format.md, `thread`: what destructors of keys call has the ordinal of their thread and no start routine. */
static bool goes_on(const struct frame_thread *before, const struct frame_thread *thread)
{
	return thread->ordinal && !thread->start && thread->tid != thread->pid && before->start &&
	       before->ordinal == thread->ordinal && before->creator == thread->creator;
}

static int begin_thread(struct tables *tables, const struct frame_thread *thread)
{
	uint32_t known = index_get(&tables->thread_index, thread->pid, thread->tid);
	int rc = numbering_begin(&tables->numbering, thread->pid, thread->tid);

	if (!rc && known != INDEX_NONE && goes_on(&tables->threads[known].seen, thread)) {
		tables->threads[known].resumed = thread->ticks;
		return 0;
	}
	if (!rc)
		rc = add_thread(tables, thread);
	if (!rc)
		tables->threads[tables->threads_count - 1].is_announced = true;
	return rc;
}

/* The present thread of these numbers; one that never said that it began is added. INDEX_NONE when out of memory. */
static uint32_t find_thread(struct tables *tables, uint32_t pid, uint32_t tid, uint64_t ticks)
{
	uint32_t number = index_get(&tables->thread_index, pid, tid);
	struct frame_thread unannounced = {.pid = pid, .tid = tid, .ticks = ticks};

	if (number != INDEX_NONE)
		return number;
	return add_thread(tables, &unannounced) ? INDEX_NONE : index_get(&tables->thread_index, pid, tid);
}

static int add_thread_end(struct tables *tables, const struct frame_thread_end *end)
{
	uint32_t thread = find_thread(tables, end->pid, end->tid, end->ticks);
	uint64_t known;

	if (thread == INDEX_NONE || MAKE_ROOM(tables->thread_ends, tables->thread_ends_room, tables->thread_ends_count))
		return -ENOMEM;
	tables->thread_ends[tables->thread_ends_count++] = (struct tables_thread_end){*end, thread};
	tables->threads[thread].end = end->ticks;
	/* Events lost after the last batch are only known from here. */
	known = tables->threads[thread].lost;
	if (end->lost > known) {
		tables->threads[thread].lost = end->lost;
		tables->loss.lost += end->lost - known;
	}
	return 0;
}

bool tables_thread_end_is_void(const struct tables *tables, const struct tables_thread_end *end)
{
	const struct trace_thread *thread = &tables->threads[end->thread];

	return end->seen.ticks >= thread->seen.ticks && end->seen.ticks < thread->resumed;
}

static int add_batch(struct tables *tables, const struct batch_view *batch)
{
	uint32_t thread = find_thread(tables, batch->pid, batch->tid, batch->count ? batch->enter[0] : 0);
	const struct trace_process *image = tables_process_at(tables, batch->pid, batch->count ? batch->enter[0] : 0);

	struct numbering_verdict verdict;

	if (thread == INDEX_NONE || numbering_continue(&tables->numbering, batch->pid, batch->tid, batch->first,
						       batch->lost, batch->count, &verdict))
		return -ENOMEM;
	tables->loss.lost_uncounted += verdict.missing;
	tables->threads[thread].events += batch->count;
	tables->threads[thread].lost += batch->lost;
	tables->loss.events += batch->count;
	tables->loss.lost += batch->lost;
	if (image) {
		tables->processes[image - tables->processes].events += batch->count;
		tables->processes[image - tables->processes].lost += batch->lost;
	}
	return 0;
}

static int add_stack(struct tables *tables, const struct frame_stack *stack)
{
	uint32_t number = (uint32_t)tables->stacks_count;
	struct tables_stack *added;

	if (MAKE_ROOM(tables->stacks, tables->stacks_room, number))
		return -ENOMEM;
	added = &tables->stacks[number];
	added->depth = stack->depth;
	added->frames = copy_array(&tables->arena, stack->frames, stack->depth, sizeof(*stack->frames));
	if (!added->frames)
		return -ENOMEM;
	tables->stacks_count++;
	/* A forked copy does not tell again what the original told: pid 0 stands for anyone. */
	if (index_set(&tables->stack_index, 0, stack->hash, number))
		return -ENOMEM;
	return index_set(&tables->stack_index, stack->pid, stack->hash, number);
}

static int add_control(struct tables *tables, const struct object_control *control)
{
	struct object_control *added;

	if (MAKE_ROOM(tables->controls, tables->controls_room, tables->controls_count))
		return -ENOMEM;
	added = &tables->controls[tables->controls_count];
	*added = *control;
	added->selection = copy_text(&tables->arena, control->selection);
	added->text = copy_text(&tables->arena, control->text);
	if (!added->selection || !added->text)
		return -ENOMEM;
	tables->controls_count++;
	return 0;
}

int tables_add(struct tables *tables, const struct frame *frame)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < frame->processes_count; i++)
		rc = add_process(tables, &frame->processes[i]);
	for (uint32_t i = 0; !rc && i < frame->threads_count; i++)
		rc = begin_thread(tables, &frame->threads[i]);
	for (uint32_t i = 0; !rc && i < frame->modules_count; i++)
		rc = add_later_modules(tables, &frame->modules[i]);
	for (uint32_t i = 0; !rc && i < frame->stacks_count; i++)
		rc = add_stack(tables, &frame->stacks[i]);
	for (uint32_t i = 0; !rc && i < frame->batches_count; i++)
		rc = add_batch(tables, &frame->batches[i]);
	for (uint32_t i = 0; !rc && i < frame->thread_ends_count; i++)
		rc = add_thread_end(tables, &frame->thread_ends[i]);
	for (uint32_t i = 0; !rc && i < frame->controls_count; i++)
		rc = add_control(tables, &frame->controls[i]);
	if (frame->end) {
		tables->loss.is_closed = true;
		tables->loss.end = *frame->end;
	}
	return rc;
}

void tables_free(struct tables *tables)
{
	free(tables->processes);
	free(tables->process_before);
	free(tables->threads);
	numbering_free(&tables->numbering);
	free(tables->thread_ends);
	free(tables->modules);
	free(tables->controls);
	free(tables->stacks);
	index_free(&tables->process_index);
	index_free(&tables->thread_index);
	index_free(&tables->modules_index);
	index_free(&tables->stack_index);
	arena_free(&tables->arena);
	*tables = (struct tables){0};
}

const struct trace_process *tables_process_at(const struct tables *tables, uint32_t pid, uint64_t ticks)
{
	uint32_t number = index_get(&tables->process_index, pid, 0), first = number;

	for (; number != INDEX_NONE; number = tables->process_before[number]) {
		first = number;
		if (tables->processes[number].seen.ticks <= ticks)
			break;
	}
	return first == INDEX_NONE ? NULL : &tables->processes[first];
}

static const struct frame_module *find_module(const struct frame_modules *modules, uint64_t address)
{
	for (uint32_t i = 0; i < modules->count; i++)
		if (modules->modules[i].start <= address && address < modules->modules[i].end)
			return &modules->modules[i];
	return NULL;
}

const struct frame_module *tables_module_at(const struct tables *tables, uint32_t pid, uint64_t ticks, uint64_t address)
{
	for (unsigned i = 0; i < ANCESTORS_MAX; i++) {
		const struct trace_process *process = tables_process_at(tables, pid, ticks);
		uint32_t number = index_get(&tables->modules_index, pid, 0);
		for (; number != INDEX_NONE; number = tables->modules[number].before) {
			const struct frame_modules *seen = &tables->modules[number].seen;
			const struct frame_module *module = NULL;
			if (process && tables_process_at(tables, pid, seen->ticks) != process)
				continue; /* those of another image */
			/* What was loaded after `ticks` was hardly somewhere else before: libraries stay. */
			module = find_module(seen, address);
			if (module)
				return module;
		}
		if (!process || process->seen.origin != PROCESS_FORK)
			return NULL;
		pid = process->seen.parent;
		ticks = process->seen.ticks;
	}
	return NULL;
}

const struct tables_stack *tables_stack(const struct tables *tables, uint32_t pid, uint64_t hash)
{
	uint32_t number = index_get(&tables->stack_index, pid, hash);

	if (number == INDEX_NONE)
		number = index_get(&tables->stack_index, 0, hash);
	return number == INDEX_NONE ? NULL : &tables->stacks[number];
}
