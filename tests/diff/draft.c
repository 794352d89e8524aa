// SPDX-License-Identifier: MIT
/*
 * Reads frames and keeps them, so that items need not be copied; puts the calls of every thread in one row.
 */
#include "tests/diff/draft.h"
#include "tests/diff/draft_parts.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_TROUBLE 2

void *draft_memory(struct draft *draft, size_t count, size_t size)
{
	void *memory = arena_new(&draft->arena, count ? count : 1, size);

	if (!memory)
		errx(STATUS_TROUBLE, "no memory");
	return memory;
}

static void *grow(void *array, size_t count, size_t size)
{
	array = reallocarray(array, count, size);
	if (!array)
		errx(STATUS_TROUBLE, "no memory");
	return array;
}

static void *copy_array(struct draft *draft, const void *array, size_t count, size_t size)
{
	void *copy = draft_memory(draft, count, size);

	if (count)
		memcpy(copy, array, count * size);
	return copy;
}

/* ---- changing rows -------------------------------------------------------------------------------------------- */

struct draft_event *draft_event_copy(struct draft *draft, const struct draft_event *like)
{
	struct draft_event *copy = copy_array(draft, like, 1, sizeof(*like));

	copy->was = DRAFT_NEW;
	return copy;
}

void draft_insert(struct draft *draft, uint32_t number, size_t at, struct draft_event *event)
{
	struct draft_stream *stream = &draft->streams[number];

	if (stream->count == stream->room) {
		stream->room = stream->room ? 2 * stream->room : 64;
		stream->events = grow(stream->events, stream->room, sizeof(*stream->events));
	}
	memmove(stream->events + at + 1, stream->events + at, (stream->count - at) * sizeof(*stream->events));
	stream->events[at] = event;
	stream->count++;
	event->stream = number;
}

void draft_remove(struct draft *draft, uint32_t number, size_t at)
{
	struct draft_stream *stream = &draft->streams[number];

	stream->count--;
	memmove(stream->events + at, stream->events + at + 1, (stream->count - at) * sizeof(*stream->events));
}

struct event_item *draft_items(struct draft *draft, struct event *event)
{
	struct event_item *items = copy_array(draft, event->items, event->items_count, sizeof(*items));

	event->items = items;
	return items;
}

uint8_t *draft_bytes(struct draft *draft, struct event_item *item)
{
	uint8_t *bytes = copy_array(draft, item->bytes, item->size, 1);

	item->bytes = bytes;
	return bytes;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static struct draft_stream *add_stream(struct draft *draft, uint32_t pid, uint32_t tid, uint32_t frame)
{
	struct draft_stream *stream;

	if (draft->streams_count == draft->streams_room) {
		draft->streams_room = draft->streams_room ? 2 * draft->streams_room : 64;
		draft->streams = grow(draft->streams, draft->streams_room, sizeof(*draft->streams));
	}
	stream = &draft->streams[draft->streams_count++];
	*stream = (struct draft_stream){.pid = pid, .tid = tid, .frame = frame};
	return stream;
}

/*
 * The row that a batch goes on. An exec keeps pid and tid and counts from 0 again, and the last calls of the old image
 * may come after the beginning of the new one.
 */
static struct draft_stream *find_stream(struct draft *draft, const struct batch_view *batch)
{
	struct draft_stream *fits = NULL;

	for (size_t i = draft->streams_count; i-- > 0;) {
		struct draft_stream *stream = &draft->streams[i];
		if (stream->pid != batch->pid || stream->tid != batch->tid || stream->count != batch->first)
			continue;
		if (!stream->begin || stream->begin->ticks <= batch->enter[0])
			return stream;
		fits = fits ? fits : stream;
	}
	return fits;
}

static int read_batch(struct draft *draft, const struct batch_view *batch, uint32_t frame)
{
	struct draft_stream *stream = find_stream(draft, batch);

	if (!batch->count)
		return 0;
	if (!stream && !batch->first)
		stream = add_stream(draft, batch->pid, batch->tid, frame);
	if (!stream)
		return 1;
	for (uint32_t i = 0; i < batch->count; i++) {
		struct draft_event *event = draft_memory(draft, 1, sizeof(*event));
		batch_event(batch, i, &event->event);
		event->was = event->event.sequence;
		event->frame = frame;
		draft_insert(draft, (uint32_t)(stream - draft->streams), stream->count, event);
	}
	return 0;
}

static void read_thread_end(struct draft *draft, struct frame_thread_end *end)
{
	for (size_t i = draft->streams_count; i-- > 0;) {
		struct draft_stream *stream = &draft->streams[i];
		if (stream->pid == end->pid && stream->tid == end->tid && !stream->end && stream->count == end->made) {
			stream->end = end;
			return;
		}
	}
}

#define COPY(sort)                                                                                 \
	do {                                                                                       \
		to->sort = copy_array(draft, from->sort, from->sort##_count, sizeof(*from->sort)); \
		to->sort##_count = from->sort##_count;                                             \
	} while (0)

static int read_frame(struct draft *draft, const struct frame *from, uint32_t number)
{
	struct draft_frame *to = &draft->frames[number];
	int rc = 0;

	to->before = from->before;
	to->after = from->after;
	COPY(processes);
	COPY(threads);
	COPY(thread_ends);
	COPY(stacks);
	COPY(modules);
	COPY(unfinished);
	for (uint32_t i = 0; i < to->threads_count; i++)
		add_stream(draft, to->threads[i].pid, to->threads[i].tid, number)->begin = &to->threads[i];
	for (uint32_t i = 0; !rc && i < from->batches_count; i++)
		rc = from->batches[i].lost ? 1 : read_batch(draft, &from->batches[i], number);
	for (uint32_t i = 0; i < to->thread_ends_count; i++)
		read_thread_end(draft, &to->thread_ends[i]);
	if (from->end)
		draft->end = *from->end;
	return rc;
}

/* Modules and stacks are shared with the frame that was read until here. */
static void own_addresses(struct draft *draft, struct draft_frame *frame)
{
	for (uint32_t i = 0; i < frame->processes_count; i++) {
		struct frame_process *process = &frame->processes[i];
		process->modules =
			copy_array(draft, process->modules, process->modules_count, sizeof(*process->modules));
	}
	for (uint32_t i = 0; i < frame->modules_count; i++) {
		struct frame_modules *modules = &frame->modules[i];
		modules->modules = copy_array(draft, modules->modules, modules->count, sizeof(*modules->modules));
	}
	for (uint32_t i = 0; i < frame->stacks_count; i++) {
		struct frame_stack *stack = &frame->stacks[i];
		stack->frames = copy_array(draft, stack->frames, stack->depth, sizeof(*stack->frames));
	}
}

static int read_frames(struct draft *draft, struct log *log)
{
	int rc = 0;

	draft->frames_count = log_frames(log);
	draft->read = draft_memory(draft, draft->frames_count, sizeof(*draft->read));
	draft->frames = draft_memory(draft, draft->frames_count, sizeof(*draft->frames));
	for (size_t i = 0; !rc && i < draft->frames_count; i++) {
		rc = log_frame_read(log, i, &draft->read[i]);
		if (!rc)
			rc = read_frame(draft, draft->read[i], (uint32_t)i);
		if (!rc)
			own_addresses(draft, &draft->frames[i]);
	}
	return rc;
}

static bool is_whole(struct trace *trace)
{
	const struct trace_loss *loss = trace_loss(trace);
	size_t damages = 0;

	if (log_check(trace_log(trace)))
		return false;
	log_damage(trace_log(trace), &damages);
	return loss->is_closed && !loss->lost && !loss->lost_uncounted && !damages;
}

int draft_read(struct draft *draft, const char *path, struct log_trouble *trouble)
{
	*draft = (struct draft){.arena.budget = SIZE_MAX};
	if (trace_open(&draft->trace, path, &(struct trace_opening){.without_live = true}, trouble))
		return 1;
	if (is_whole(draft->trace) && !read_frames(draft, trace_log(draft->trace)) && !draft_find_objects(draft))
		return 0;
	snprintf(trouble->text, sizeof(trouble->text), "%s: only whole logs can be changed", path);
	draft_free(draft);
	return 1;
}

void draft_free(struct draft *draft)
{
	for (size_t i = 0; i < draft->streams_count; i++)
		free(draft->streams[i].events);
	for (size_t i = 0; i < draft->frames_count; i++)
		frame_free(draft->read[i]);
	free(draft->streams);
	free(draft->objects);
	free(draft->chosen_ports);
	trace_close(draft->trace);
	arena_free(&draft->arena);
	*draft = (struct draft){0};
}
