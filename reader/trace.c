// SPDX-License-Identifier: MIT
/*
 * Opens a log and the live area beside it, and hands out what is in them. The order is made in order.c, the tables in
 * tables.c; this file knows where frames come from.
 */
#include "format/log_writer.h"
#include "reader/trace_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How much may be kept of a trace's processes and stacks. */
#define TABLES_BUDGET (1u << 30)

/* How often a growing log is looked at. */
#define FOLLOW_WAIT_NS 20000000

/* Calls beyond these are not told apart from others. */
#define CALL_WORDS 8u
/* Which calls are in a frame is known of so many; of a longer trace, of so many groups of neighbouring frames. 1 MiB.
 */
#define CALL_GROUPS_MAX 16384u

/* ---- frames --------------------------------------------------------------------------------------------------- */

size_t trace_frames(const struct trace *trace)
{
	return log_frames(trace->log) + (trace->live ? log_frames(trace->live) : 0);
}

static int read_frame(void *source, size_t index, struct frame **frame)
{
	const struct trace *trace = source;
	size_t in_log = log_frames(trace->log);

	return index < in_log ? log_frame_read(trace->log, index, frame)
			      : log_frame_read(trace->live, index - in_log, frame);
}

/* Every two groups become one. */
static void join_calls(struct trace *trace)
{
	for (size_t i = 0; i < CALL_GROUPS_MAX / 2; i++)
		for (unsigned word = 0; word < CALL_WORDS; word++)
			trace->calls[i * CALL_WORDS + word] =
				trace->calls[2 * i * CALL_WORDS + word] | trace->calls[(2 * i + 1) * CALL_WORDS + word];
	memset(trace->calls + CALL_GROUPS_MAX / 2 * CALL_WORDS, 0,
	       CALL_GROUPS_MAX / 2 * CALL_WORDS * sizeof(*trace->calls));
	trace->calls_stride *= 2;
}

/* The calls of the group of frame `index`, or NULL without memory. */
static uint64_t *find_calls(struct trace *trace, size_t index)
{
	if (!trace->calls) {
		trace->calls = calloc(CALL_GROUPS_MAX * CALL_WORDS, sizeof(*trace->calls));
		trace->calls_stride = 1;
	}
	while (trace->calls && index / trace->calls_stride >= CALL_GROUPS_MAX)
		join_calls(trace);
	return trace->calls ? trace->calls + index / trace->calls_stride * CALL_WORDS : NULL;
}

/* Notes which calls are in frame `index`; without memory nothing is known of any. */
static void note_calls(struct trace *trace, size_t index, const struct frame *frame)
{
	uint64_t *own = find_calls(trace, index);

	for (uint32_t b = 0; own && b < frame->batches_count; b++)
		for (uint32_t s = 0; s < frame->batches[b].shapes_count; s++) {
			unsigned bit = frame->batches[b].shapes[s].call_index % (64 * CALL_WORDS);
			own[bit / 64] |= 1ull << bit % 64;
		}
}

bool trace_frame_has(const struct trace *trace, size_t index, const bool *wanted)
{
	const struct catalogue *catalogue = log_catalogue(trace->log);

	if (!trace->calls || index >= trace->surveyed)
		return true;
	const uint64_t *calls = trace->calls + index / trace->calls_stride * CALL_WORDS;
	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		unsigned bit = i % (64 * CALL_WORDS);
		if (wanted[i] && calls[bit / 64] >> bit % 64 & 1)
			return true;
	}
	return false;
}

/* Takes over what a frame says of processes, clocks and losses. */
static int note_frame(struct trace *trace, size_t index, const struct frame *frame)
{
	int rc = clock_add(&trace->clock, &frame->before);

	if (!rc)
		rc = clock_add(&trace->clock, &frame->after);
	if (!rc)
		rc = tables_add(&trace->tables, frame);
	note_calls(trace, index, frame);
	trace->surveyed = index + 1;
	return rc;
}

static void note_damage(struct trace *trace, size_t index)
{
	uint64_t *calls = find_calls(trace, index);

	/* it may be read the next time */
	if (calls)
		memset(calls, 0xff, CALL_WORDS * sizeof(*calls));
	trace->tables.loss.damaged_frames++;
	trace->surveyed = index + 1;
}

/* A frame that is read for the first time, as all before it have been. */
static int read_next_frame(struct trace *trace, struct frame **frame)
{
	int rc = trace->ahead ? 0 : ahead_new(&trace->ahead, read_frame, trace, trace->surveyed, trace_frames(trace));

	if (rc)
		return rc;
	rc = ahead_next(trace->ahead, frame);
	if (trace->surveyed + 1 == trace_frames(trace)) {
		ahead_free(trace->ahead);
		trace->ahead = NULL;
	}
	return rc;
}

int trace_frame_read(struct trace *trace, size_t index, struct frame **frame)
{
	int rc;

	if (index != trace->surveyed)
		return read_frame(trace, index, frame);
	rc = read_next_frame(trace, frame);
	if (rc == 0)
		rc = note_frame(trace, index, *frame);
	else if (rc > 0)
		note_damage(trace, index);
	return rc;
}

/* ---- order ---------------------------------------------------------------------------------------------------- */

/* What the tables held before a round of frames was read. */
struct round {
	size_t processes, threads, thread_ends, modules, controls;
};

static int mark_round(struct trace *trace, struct round begin)
{
	const struct tables *tables = &trace->tables;
	struct order_mark mark;
	int rc = 0;

	for (size_t i = begin.processes; !rc && i < tables->processes_count; i++) {
		const struct frame_process *process = &tables->processes[i].seen;
		mark = (struct order_mark){process->ticks, process, TRACE_PROCESS};
		rc = order_mark(&trace->order, &mark);
	}
	for (size_t i = begin.threads; !rc && i < tables->threads_count; i++) {
		const struct frame_thread *thread = &tables->threads[i].seen;
		mark = (struct order_mark){thread->ticks, thread, TRACE_THREAD};
		rc = tables->threads[i].is_announced ? order_mark(&trace->order, &mark) : 0;
	}
	for (size_t i = begin.thread_ends; !rc && i < tables->thread_ends_count; i++) {
		const struct tables_thread_end *end = &tables->thread_ends[i];
		mark = (struct order_mark){end->seen.ticks, &end->seen, TRACE_THREAD_END};
		rc = tables_thread_end_is_void(tables, end) ? 0 : order_mark(&trace->order, &mark);
	}
	for (size_t i = begin.modules; !rc && i < tables->modules_count; i++) {
		const struct frame_modules *modules = &tables->modules[i].seen;
		mark = (struct order_mark){modules->ticks, modules, TRACE_MODULES};
		rc = order_mark(&trace->order, &mark);
	}
	for (size_t i = begin.controls; !rc && i < tables->controls_count; i++) {
		const struct object_control *control = &tables->controls[i];
		mark = (struct order_mark){control->ticks, control, TRACE_CONTROL};
		rc = order_mark(&trace->order, &mark);
	}
	return rc;
}

/* Looks at every frame there is now and starts a round over them. */
static int begin_round(struct trace *trace)
{
	struct round begin = {trace->tables.processes_count, trace->tables.threads_count,
			      trace->tables.thread_ends_count, trace->tables.modules_count,
			      trace->tables.controls_count};
	struct frame *frame = NULL;
	size_t frames = trace_frames(trace);
	int rc = 0;

	order_clear(&trace->order);
	for (size_t i = trace->surveyed; rc >= 0 && i < frames; i++) {
		rc = trace_frame_read(trace, i, &frame);
		if (rc == 0)
			rc = order_survey(&trace->order, i, frame);
	}
	frame_free(frame);
	if (rc >= 0)
		rc = mark_round(trace, begin);
	return rc < 0 ? rc : order_start(&trace->order);
}

/*
 * The round is over: is there another? 0 when one was begun, TRACE_E_END, or -errno. The live area is read only once
 * its collector has gone: what it still holds comes last.
 */
static int follow(struct trace *trace)
{
	const struct timespec wait = {.tv_nsec = FOLLOW_WAIT_NS};
	struct log_trouble trouble;
	int rc;

	for (;;) {
		bool growing = trace_is_growing(trace);
		if (trace->is_last_round || trace->tables.loss.is_closed)
			return TRACE_E_END;
		rc = log_refresh(trace->log);
		if (rc < 0 || rc == 0)
			return rc < 0 ? rc : begin_round(trace);
		if (!growing)
			break;
		if (trace->settings.idle)
			trace->settings.idle(trace->settings.context);
		nanosleep(&wait, NULL);
	}
	trace->is_last_round = true;
	rc = trace->settings.without_live ? 0 : trace_salvage_live(trace, &trouble);
	return rc ? rc : begin_round(trace);
}

int trace_next(struct trace *trace, struct trace_entry *entry)
{
	uint32_t rows;

	return trace_next_rows(trace, entry, 1, &rows);
}

int trace_next_rows(struct trace *trace, struct trace_entry *entry, uint32_t most, uint32_t *rows)
{
	int rc;

	while ((rc = order_next(&trace->order, entry, most, rows)) == TRACE_E_END && trace->settings.follow) {
		rc = follow(trace);
		if (rc)
			break;
	}
	return rc;
}

uint64_t trace_events(const struct trace *trace)
{
	return trace->order.events;
}

int trace_rewind(struct trace *trace)
{
	return order_start(&trace->order);
}

/* ---- opening and closing -------------------------------------------------------------------------------------- */

static int open_log(struct trace *trace, const char *path, struct log_trouble *trouble)
{
	int rc = log_open(path, &trace->log, trouble);
	bool unwritten = trace_is_unwritten(trace, rc);

	if (unwritten)
		rc = trace_open_unwritten(trace, trouble);
	if (rc)
		return rc < 0 ? rc : TRACE_E_UNREADABLE;
	if (!trace->settings.without_live && !trace->settings.follow && !unwritten)
		rc = trace_salvage_live(trace, trouble);
	trace->tables.loss.is_salvaged = trace->live || unwritten;
	if (!rc && !trace->settings.unordered)
		rc = begin_round(trace);
	if (rc == -ENOMEM)
		snprintf(trouble->text, sizeof(trouble->text), "%s: out of memory", path);
	return rc;
}

int trace_open(struct trace **trace, const char *path, const struct trace_opening *settings,
	       struct log_trouble *trouble)
{
	struct trace *opened = calloc(1, sizeof(*opened));
	int rc;

	*trace = NULL;
	trouble->text[0] = '\0';
	if (!opened || !(opened->path = strdup(path))) {
		free(opened);
		snprintf(trouble->text, sizeof(trouble->text), "%s: out of memory", path);
		return -ENOMEM;
	}
	if (settings)
		opened->settings = *settings;
	opened->order.read = read_frame;
	opened->order.source = opened;
	opened->order.stragglers.bytes_max = STRAGGLERS_BYTES_MAX;
	opened->tables.arena.budget = TABLES_BUDGET;
	rc = open_log(opened, path, trouble);
	if (rc) {
		trace_close(opened);
		return rc;
	}
	*trace = opened;
	return 0;
}

void trace_close(struct trace *trace)
{
	if (!trace)
		return;
	order_clear(&trace->order);
	ahead_free(trace->ahead);
	tables_free(&trace->tables);
	clock_free(&trace->clock);
	free(trace->calls);
	trace_drop_live(trace);
	log_close(trace->log);
	free(trace->path);
	free(trace);
}

/* ---- questions ------------------------------------------------------------------------------------------------ */

const struct catalogue *trace_catalogue(const struct trace *trace)
{
	return log_catalogue(trace->log);
}

const struct log_head *trace_head(const struct trace *trace)
{
	return log_head(trace->log);
}

struct log *trace_log(struct trace *trace)
{
	return trace->log;
}

struct log *trace_live(struct trace *trace)
{
	return trace->live;
}

const void *trace_live_bytes(struct trace *trace, size_t *size)
{
	*size = 0;
	return trace->live ? log_writer_memory(trace->live_memory, size) : NULL;
}

struct log_anchor trace_last_anchor(const struct trace *trace)
{
	return trace->clock.last;
}

uint64_t trace_time(struct trace *trace, uint64_t ticks)
{
	return clock_realtime(&trace->clock, ticks);
}

uint64_t trace_span(struct trace *trace, uint64_t ticks, uint64_t duration)
{
	return clock_monotonic(&trace->clock, ticks + duration) - clock_monotonic(&trace->clock, ticks);
}

double trace_ticks_per_ns(const struct trace *trace)
{
	const struct log_anchor *first = &trace->clock.first, *last = &trace->clock.last;

	return trace->clock.taken < 2
		       ? 1
		       : (double)(last->ticks - first->ticks) / (double)(last->monotonic - first->monotonic);
}

const struct trace_process *trace_processes(const struct trace *trace, size_t *count)
{
	*count = trace->tables.processes_count;
	return trace->tables.processes;
}

const struct trace_thread *trace_threads(const struct trace *trace, size_t *count)
{
	*count = trace->tables.threads_count;
	return trace->tables.threads;
}

const struct object_control *trace_controls(const struct trace *trace, size_t *count)
{
	*count = trace->tables.controls_count;
	return trace->tables.controls;
}

const struct trace_loss *trace_loss(struct trace *trace)
{
	size_t count = 0;

	log_damage(trace->log, &count);
	trace->tables.loss.damage_regions = count;
	return &trace->tables.loss;
}

const struct trace_process *trace_process_at(const struct trace *trace, uint32_t pid, uint64_t ticks)
{
	return tables_process_at(&trace->tables, pid, ticks);
}

const uint64_t *trace_stack(const struct trace *trace, uint32_t pid, uint64_t hash, uint32_t *depth)
{
	const struct tables_stack *stack = tables_stack(&trace->tables, pid, hash);

	*depth = stack ? stack->depth : 0;
	return stack ? stack->frames : NULL;
}

const struct frame_module *trace_module_at(const struct trace *trace, uint32_t pid, uint64_t ticks, uint64_t address)
{
	return tables_module_at(&trace->tables, pid, ticks, address);
}
