// SPDX-License-Identifier: MIT
/*
 * Makes raw records of everything again and hands them to those who make a log of the collector's records.
 */
#include "tests/diff/draft.h"

#include "format/batch.h"
#include "format/log_writer.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Flush in the middle of a frame before it becomes too large to be one. */
#define PENDING_MAX (LOG_FRAME_MAX / 2)

struct writing {
	struct draft *draft;
	struct log_writer *writer;
	struct batch *batch;
	size_t *cursors; /* of each stream: events written */
	uint64_t *words; /* the record that is being made */
	size_t used, room;
};

/* ---- records -------------------------------------------------------------------------------------------------- */

/* `size` bytes more, rounded up to words; they are 0. */
static void *record_add(struct writing *writing, size_t size)
{
	size_t words = (size + 7) / 8, at = writing->used;

	if (at + words > writing->room) {
		writing->room = 2 * (at + words);
		writing->words = reallocarray(writing->words, writing->room, 8);
		if (!writing->words)
			errx(2, "no memory");
	}
	memset(writing->words + at, 0, words * 8);
	writing->used += words;
	return writing->words + at;
}

static void record_begin(struct writing *writing, const void *fixed, size_t size)
{
	writing->used = 0;
	memcpy(record_add(writing, size), fixed, size);
}

static void record_item(struct writing *writing, struct item item, const void *bytes)
{
	memcpy(record_add(writing, sizeof(item)), &item, sizeof(item));
	if (item.size)
		memcpy(record_add(writing, item.size), bytes, item.size);
}

/* The record, now that its size is known. */
static const void *record_end(struct writing *writing)
{
	((struct record_head *)writing->words)->words = (uint32_t)writing->used & 0xfffff;
	return writing->words;
}

/* ---- what is not a call --------------------------------------------------------------------------------------- */

static void add_text(struct writing *writing, uint16_t index, const char *text)
{
	struct item item = {.form = ITEM_STRING, .arg = ITEM_NO_ARG, .index = index, .size = (uint32_t)strlen(text)};

	if (item.size)
		record_item(writing, item, text);
}

static void add_module(struct writing *writing, const struct frame_module *module)
{
	struct item_module fixed = {module->base, module->start, module->end};
	uint32_t path_size = (uint32_t)strlen(module->path);
	uint8_t bytes[sizeof(fixed) + 4096];

	if (path_size > 4096)
		path_size = 4096;
	fixed.path_size = path_size;
	fixed.build_id_size = module->build_id_size;
	if (fixed.build_id_size > sizeof(fixed.build_id))
		fixed.build_id_size = sizeof(fixed.build_id);
	if (fixed.build_id_size)
		memcpy(fixed.build_id, module->build_id, fixed.build_id_size);
	memcpy(bytes, &fixed, sizeof(fixed));
	memcpy(bytes + sizeof(fixed), module->path, path_size);
	record_item(writing, (struct item){.form = ITEM_MODULE, .arg = ITEM_NO_ARG, .size = sizeof(fixed) + path_size},
		    bytes);
}

static void add_open_fd(struct writing *writing, const struct frame_open_fd *open_fd)
{
	struct item_open_fd fixed = {open_fd->fd, (uint32_t)strnlen(open_fd->link, 4096)};
	uint8_t bytes[sizeof(fixed) + 4096];

	memcpy(bytes, &fixed, sizeof(fixed));
	memcpy(bytes + sizeof(fixed), open_fd->link, fixed.link_size);
	record_item(writing,
		    (struct item){.form = ITEM_OPEN_FD, .arg = ITEM_NO_ARG, .size = sizeof(fixed) + fixed.link_size},
		    bytes);
}

static void add_argv(struct writing *writing, const struct frame_process *process)
{
	size_t size = 0;
	char *all, *at;

	for (uint32_t i = 0; i < process->argc; i++)
		size += strlen(process->argv[i]) + 1;
	at = all = draft_memory(writing->draft, size, 1);
	for (uint32_t i = 0; i < process->argc; i++)
		at = stpcpy(at, process->argv[i]) + 1;
	if (size)
		record_item(writing,
			    (struct item){.form = ITEM_STRINGS,
					  .arg = ITEM_NO_ARG,
					  .size = (uint32_t)size,
					  .total = process->argc},
			    all);
}

static int write_process(struct writing *writing, const struct frame_process *process)
{
	struct record_process record = {.head.type = RECORD_PROCESS_BEGIN,
					.ticks = process->ticks,
					.pid = process->pid,
					.parent = process->parent,
					.origin = process->origin,
					.uid = process->uid,
					.start_time = process->start_time};

	record_begin(writing, &record, sizeof(record));
	add_text(writing, PROCESS_EXE, process->exe);
	add_text(writing, PROCESS_CWD, process->cwd);
	add_argv(writing, process);
	for (uint32_t i = 0; i < process->modules_count; i++)
		add_module(writing, &process->modules[i]);
	for (uint32_t i = 0; i < process->fds_count; i++)
		add_open_fd(writing, &process->fds[i]);
	return object_pack_process(log_writer_packer(writing->writer), record_end(writing), writing->used * 8);
}

static int write_modules(struct writing *writing, const struct frame_modules *modules)
{
	struct record_mark mark = {.head.type = RECORD_MODULES, .ticks = modules->ticks};

	record_begin(writing, &mark, sizeof(mark));
	for (uint32_t i = 0; i < modules->count; i++)
		add_module(writing, &modules->modules[i]);
	return object_pack_modules(log_writer_packer(writing->writer), modules->pid, record_end(writing),
				   writing->used * 8);
}

static int write_thread(struct writing *writing, const struct frame_thread *thread)
{
	struct record_thread record = {.head.type = RECORD_THREAD_BEGIN,
				       .ticks = thread->ticks,
				       .pid = thread->pid,
				       .tid = thread->tid,
				       .creator = thread->creator,
				       .ordinal = thread->ordinal,
				       .start = thread->start};

	record_begin(writing, &record, sizeof(record));
	return object_pack_thread(log_writer_packer(writing->writer), record_end(writing), writing->used * 8);
}

static int write_stack(struct writing *writing, const struct frame_stack *stack)
{
	struct record_stack record = {.head.type = RECORD_STACK, .hash = stack->hash, .depth = stack->depth};

	record_begin(writing, &record, sizeof(record));
	if (stack->depth)
		memcpy(record_add(writing, stack->depth * 8ul), stack->frames, stack->depth * 8ul);
	return object_pack_stack(log_writer_packer(writing->writer), stack->pid, record_end(writing),
				 writing->used * 8);
}

/* How many calls a thread made is what its row now holds. */
static int write_thread_end(struct writing *writing, const struct frame_thread_end *end)
{
	struct record_mark mark = {.head.type = RECORD_THREAD_END, .ticks = end->ticks};
	uint64_t made = end->made;

	for (size_t i = 0; i < writing->draft->streams_count; i++)
		if (writing->draft->streams[i].end == end)
			made = writing->draft->streams[i].count;
	record_begin(writing, &mark, sizeof(mark));
	return object_pack_thread_end(log_writer_packer(writing->writer), end->pid, end->tid, made, end->lost,
				      record_end(writing), writing->used * 8);
}

static uint32_t call_type(const struct event *event)
{
	return RECORD_CALL + (uint32_t)(event->call - event->catalogue->calls);
}

static int write_unfinished(struct writing *writing, const struct event *event)
{
	struct live_in_flight call = {
		.enter = event->enter, .type = call_type(event), .argc = event->call->argc, .site = event->site};

	memcpy(call.args, event->args, sizeof(call.args));
	return object_pack_unfinished(log_writer_packer(writing->writer), event->catalogue, event->pid, event->tid,
				      &call, NULL);
}

/* ---- calls ---------------------------------------------------------------------------------------------------- */

static void make_call(struct writing *writing, const struct event *event)
{
	struct record_call call = {.enter = event->enter,
				   .duration = event->duration,
				   .outcome = event->outcome & 7,
				   .borrowed = event->borrowed,
				   .error = event->error,
				   .result = event->result,
				   .site = event->site};

	call.head.type = call_type(event) & 0xfff;
	record_begin(writing, &call, sizeof(call));
	if (event->call->argc)
		memcpy(record_add(writing, event->call->argc * 8ul), event->args, event->call->argc * 8ul);
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		record_item(writing,
			    (struct item){item->arg, item->form, item->index, item->size, item->total, item->hash},
			    item->bytes);
	}
}

static int encode(struct writing *writing, const struct draft_stream *stream, uint64_t after)
{
	return batch_encode(writing->batch, stream->pid, stream->tid, after - batch_count(writing->batch), 0,
			    log_writer_packer(writing->writer));
}

/* The calls of a stream up to those of frame `number`. */
static int write_stream(struct writing *writing, size_t which, uint32_t number)
{
	struct draft_stream *stream = &writing->draft->streams[which];
	size_t *at = &writing->cursors[which];
	bool is_last = number + 1 == writing->draft->frames_count;
	int rc = 0;

	if (stream->frame > number)
		return 0;
	while (!rc && *at < stream->count && (is_last || stream->events[*at]->frame <= number)) {
		stream->events[*at]->event.sequence = *at;
		make_call(writing, &stream->events[*at]->event);
		rc = batch_add(writing->batch, record_end(writing), writing->used * 8);
		if (rc == BATCH_E_FULL)
			rc = encode(writing, stream, *at);
		else if (!rc)
			++*at;
	}
	return rc ? rc : encode(writing, stream, *at);
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

#define WRITE(function, array, count)                 \
	for (uint32_t i = 0; !rc && i < (count); i++) \
	rc = function(writing, &(array)[i])

static int write_frame(struct writing *writing, uint32_t number)
{
	const struct draft_frame *frame = &writing->draft->frames[number];
	int rc = 0;

	WRITE(write_process, frame->processes, frame->processes_count);
	WRITE(write_modules, frame->modules, frame->modules_count);
	WRITE(write_thread, frame->threads, frame->threads_count);
	WRITE(write_stack, frame->stacks, frame->stacks_count);
	for (size_t i = 0; !rc && i < writing->draft->streams_count; i++) {
		rc = write_stream(writing, i, number);
		if (!rc && log_writer_pending(writing->writer) > PENDING_MAX)
			rc = log_writer_flush(writing->writer, &frame->before, &frame->after);
	}
	for (uint32_t i = 0; !rc && i < frame->unfinished_count; i++)
		rc = write_unfinished(writing, &frame->unfinished[i].event);
	WRITE(write_thread_end, frame->thread_ends, frame->thread_ends_count);
	return rc ? rc : log_writer_flush(writing->writer, &frame->before, &frame->after);
}

static int write_end(struct writing *writing)
{
	struct draft *draft = writing->draft;
	const struct log_anchor *last = &draft->frames[draft->frames_count - 1].after;
	int rc;

	draft->end.events = 0;
	for (size_t i = 0; i < draft->streams_count; i++)
		draft->end.events += draft->streams[i].count;
	draft->end.bytes = log_writer_size(writing->writer);
	rc = object_pack_end(log_writer_packer(writing->writer), &draft->end);
	return rc ? rc : log_writer_flush(writing->writer, last, last);
}

int draft_write(struct draft *draft, const char *path)
{
	struct writing writing = {.draft = draft};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return -errno;
	writing.cursors = draft_memory(draft, draft->streams_count, sizeof(*writing.cursors));
	rc = batch_new(&writing.batch, trace_catalogue(draft->trace));
	if (!rc)
		rc = log_writer_open(&writing.writer, fd, trace_head(draft->trace));
	for (uint32_t i = 0; !rc && i < draft->frames_count; i++)
		rc = write_frame(&writing, i);
	if (!rc)
		rc = write_end(&writing);
	if (close(fd) && !rc)
		rc = -errno;
	log_writer_free(writing.writer);
	batch_free(writing.batch);
	free(writing.words);
	return rc > 0 ? -EINVAL : rc;
}
