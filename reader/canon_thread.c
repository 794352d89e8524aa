// SPDX-License-Identifier: MIT
/*
 * The threads of a pass: where they began, who made them, and what is known of them only at the end.
 */
#include "reader/canon_pass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last thread before `count` whose path is `path`, or CANON_NONE. */
static uint32_t find_path(const struct canon *canon, const char *path, size_t size)
{
	for (uint32_t i = canon->threads_count; i--;)
		if (strlen(canon->threads[i].name) == size && !memcmp(canon->threads[i].name, path, size))
			return i;
	return CANON_NONE;
}

static uint32_t parent_of(const struct canon *canon, const char *path)
{
	uint32_t before = find_path(canon, path, strlen(path)); /* an exec: the image before */
	const char *dot = strrchr(path, '.');

	if (before != CANON_NONE || !dot)
		return before;
	return find_path(canon, path, (size_t)(dot - path));
}

static uint64_t start_of(const struct pass *pass, const struct object *thread, const char *image)
{
	uint32_t at = index_get(&pass->starts, thread->process->number, thread->number);

	if (at != INDEX_NONE && pass->start[at] && thread->number != thread->process->number)
		return pass->start[at];
	return map_hash(0, image, strlen(image));
}

/* "server" of "P0(server)". */
static char *image_of(struct object *process)
{
	const char *name = object_name(process), *open = strchr(name, '(');

	return open ? strndup(open + 1, strlen(open) - 2) : strdup("");
}

int pass_add_thread(struct pass *pass, struct object *object)
{
	struct canon *canon = pass->canon;
	struct canon_thread *thread;
	int rc = MAKE_ROOM(pass->threads, pass->threads_room, pass->threads_count);

	if (rc)
		return rc;
	canon->threads = realloc(canon->threads, pass->threads_room * sizeof(*canon->threads));
	if (!canon->threads)
		return -ENOMEM;
	pass->threads[pass->threads_count] = (struct pass_thread){.deadline = UINT64_MAX, .missed = CANON_NONE};
	thread = &canon->threads[pass->threads_count];
	*thread = (struct canon_thread){.name = strdup(object->label ? object->label : "?"),
					.image = image_of(object->process),
					.pid = (uint32_t)object->process->number,
					.tid = (uint32_t)object->number,
					.first = CANON_NONE};
	if (!thread->name || !thread->image)
		return -ENOMEM;
	thread->is_process = thread->pid == thread->tid;
	thread->parent = parent_of(canon, thread->name);
	/* The image is that of who made the run again, wherever the thread began. */
	thread->start =
		canon->scope ? map_hash(0, thread->name, strlen(thread->name)) : start_of(pass, object, thread->image);
	object->tag = ++pass->threads_count;
	canon->threads_count = pass->threads_count;
	return 0;
}

/* Where a thread begins, as a place in a file. */
int pass_note_start(struct pass *pass, const struct frame_thread *seen)
{
	const struct frame_module *module = NULL;
	int rc = MAKE_ROOM(pass->start, pass->start_room, pass->start_count);

	if (rc || !seen->start)
		return rc;
	module = trace_module_at(pass->trace, seen->pid, seen->ticks, seen->start);
	pass->start[pass->start_count] =
		module ? map_hash(seen->start - module->base, module->path, strlen(module->path)) : 1;
	return index_set(&pass->starts, seen->pid, seen->tid, pass->start_count++);
}

void pass_note_thread(struct pass *pass, const struct canon_token *token)
{
	struct canon_thread *thread = &pass->canon->threads[token->sort->thread];

	pass->canon->flags |= token->flags;
	if (token->flags & TOKEN_REAPS)
		return;
	thread->content = map_mix(thread->content + token->sort->key) + token->sort->content;
	thread->content = map_mix(thread->content + token->bytes) + token->payload;
}

/* What its maker gave to a thread alone: a way to wake it, or its end of a conversation. */
static void note_own(struct canon *canon, const struct canon_object *object)
{
	bool is_given = object->receiver != CANON_NONE && object->thread != CANON_NONE &&
			object->receiver != object->thread && object->is_numbered && !object->is_accepted;
	bool is_shared = object->is_shared || object->taker != object->receiver;

	if (!is_given || is_shared)
		return;
	const char *maker = canon->threads[object->thread].name;
	uint64_t hash = map_hash(object->class_id, maker, strlen(maker));
	canon->threads[object->receiver].own += map_mix(hash + object->ordinal) | 1;
}

static int sum_own(struct canon *canon)
{
	struct map sums = {0}; /* by parent and start: the first such thread + 1, which has the sum */
	int rc = 0;

	for (uint32_t i = 0; i < canon->objects_count; i++)
		note_own(canon, &canon->objects[i]);
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; !rc && i < canon->threads_count; i++) {
			struct canon_thread *thread = &canon->threads[i];
			uint64_t sort = map_mix(map_mix(thread->start + thread->is_process) + thread->parent);
			uintptr_t first = (uintptr_t)map_get(&sums, sort);
			if (!first)
				rc = map_put(&sums, sort, (void *)(uintptr_t)(i + 1));
			first = first ? first : i + 1;
			if (pass)
				thread->own_all = canon->threads[first - 1].own_all;
			else
				canon->threads[first - 1].own_all += map_mix(thread->own);
		}
	}
	map_clear(&sums);
	return rc;
}

/* An end of a pipe or of a pair that its maker made, and on which only it has heard anything. A listener is none. */
static bool is_answer(const struct canon_object *object)
{
	bool is_own =
		object->receiver != CANON_NONE && object->receiver == object->thread && object->taker == object->thread;
	bool is_heard = object->type == OBJECT_PIPE || object->flows[CANON_RECEIVED].bytes;

	return is_own && is_heard && object->is_stream && object->is_numbered && !object->is_accepted &&
	       !object->is_client;
}

/* Which pipe the object is an end of. */
static uint64_t pipe_of(const struct canon_object *object)
{
	return map_mix(((uint64_t)object->thread << 32 | object->ordinal) + 1) | 1;
}

/* What is true of one end of a pipe into which several have said something is true of the other one. */
static int join_pipes(struct canon *canon)
{
	struct map joint = {0};
	int rc = 0;

	for (uint32_t i = 0; !rc && i < canon->objects_count; i++)
		if (canon->objects[i].is_joint && canon->objects[i].type == OBJECT_PIPE)
			rc = map_put(&joint, pipe_of(&canon->objects[i]), canon);
	for (uint32_t i = 0; i < canon->objects_count; i++)
		canon->objects[i].is_joint = canon->objects[i].type == OBJECT_PIPE && canon->objects[i].is_numbered &&
					     canon->objects[i].thread != CANON_NONE && joint.count &&
					     map_get(&joint, pipe_of(&canon->objects[i]));
	map_clear(&joint);
	return rc;
}

/* What is known of threads only at the end. */
int canon_finish_threads(struct canon *canon)
{
	struct map several = {0}; /* pids of processes with more than one thread */
	int rc = 0;

	const struct trace_thread *threads;
	size_t count;

	threads = trace_threads(canon->trace, &count);
	for (size_t i = 0; !rc && i < count; i++)
		if (threads[i].seen.tid != threads[i].seen.pid)
			rc = map_put(&several, threads[i].seen.pid, canon);
	for (uint32_t i = 0; i < canon->threads_count; i++)
		canon->threads[i].is_common = map_get(&several, canon->threads[i].pid) != NULL;
	for (uint32_t i = 0; i < canon->objects_count; i++) {
		struct canon_object *object = &canon->objects[i];
		object->is_common =
			object->thread != CANON_NONE && map_get(&several, canon->threads[object->thread].pid);
		if (object->is_accepted && object->receiver != CANON_NONE) {
			const struct canon_flow *flow = &object->flows[CANON_RECEIVED];
			canon->threads[object->receiver].accepted++;
			canon->threads[object->receiver].handed += object->thread != object->receiver;
			canon->threads[object->receiver].heard += map_mix(flow->bytes << 32 | flow->payload);
		}
		if (object->is_client && object->receiver != CANON_NONE)
			canon->threads[object->receiver].connected++;
		if (object->is_shared && object->is_stream)
			canon->threads[object->receiver].is_sharing = true;
		object->is_answer = is_answer(object);
		if (object->is_answer)
			canon->threads[object->receiver].answers++;
	}
	map_clear(&several);
	if (!rc)
		rc = join_pipes(canon);
	return rc ? rc : sum_own(canon);
}
