// SPDX-License-Identifier: MIT
/*
 * Objects: their life, and their names, which are made when first asked for.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A peer that never picks up what was sent to it must not make a queue grow for ever. */
#define QUEUE_MAX 4096u

static const char *const type_names[OBJECT_TYPE_COUNT] = {
	[OBJECT_PROCESS] = "process",	    [OBJECT_THREAD] = "thread", [OBJECT_UNKNOWN] = "unknown",
	[OBJECT_SOCKET] = "socket",	    [OBJECT_PIPE] = "pipe",	[OBJECT_FILE] = "file",
	[OBJECT_DESCRIPTOR] = "descriptor", [OBJECT_MQ] = "mq",		[OBJECT_MSGQ] = "msgq",
	[OBJECT_SEMSET] = "semset",	    [OBJECT_SEGMENT] = "shm",	[OBJECT_SEM] = "sem",
	[OBJECT_MAPPING] = "mapping",
};

const char *object_type_name(enum object_type type)
{
	return type_names[type];
}

struct object *object_new(struct identities *identity, enum object_type type, const char *role, struct thread *thread)
{
	if (identity->objects_count >= OBJECTS_MAX)
		return NULL;
	struct object *object = calloc(1, sizeof(*object));
	if (!object) {
		identity->error = -ENOMEM;
		return NULL;
	}
	identity->objects_count++;
	object->next = identity->objects;
	if (object->next)
		object->next->previous = object;
	identity->objects = object;
	object->id = ++identity->last_id;
	object->type = type;
	object->role = role;
	object->identity = identity;
	thread_hold(object, thread);
	return object;
}

/* How many of this thread's objects had this role and label before. */
static uint32_t count_alike(struct identities *identity, const struct object *thread, const char *role,
			    const char *label)
{
	uint64_t key = map_hash(thread ? thread->id : 0, role, strlen(role));

	if (label)
		key = map_hash(key, label, strlen(label));
	uintptr_t count = (uintptr_t)map_get(&identity->counters, key);
	if (map_put(&identity->counters, key, (void *)(count + 1)))
		identity->error = -ENOMEM;
	return (uint32_t)count;
}

void object_rename(struct object *object, struct thread *thread, const char *role, const char *label)
{
	if (object->numbered && object->role == role && !strcmp(object->label ? object->label : "", label ? label : ""))
		return;
	char *copy = NULL;
	if (label && !(copy = strdup(label))) {
		object->identity->error = -ENOMEM;
		return;
	}
	free(object->label);
	free(object->name);
	object->name = NULL;
	object->label = copy;
	object->role = role;
	if (thread)
		thread_hold(object, thread);
	object->ordinal = count_alike(object->identity, object->thread, role, label);
	object->numbered = true;
}

static void describe_process(const struct object *object, char *text, size_t size)
{
	const struct process *process = (const struct process *)object;

	if (process->image)
		snprintf(text, size, "%s(%s)", object->label, process->image);
	else
		snprintf(text, size, "%s", object->label);
}

/* Without printf: a program that opens a file for each request has a name to be made for each. */
static char *put(char *at, const char *end, const char *part)
{
	size_t size = strnlen(part, end - at);

	memcpy(at, part, size);
	return at + size;
}

static char *put_number(char *at, const char *end, uint32_t number)
{
	char digits[11] = "", *begin = digits + sizeof(digits) - 1;

	do
		*--begin = (char)('0' + number % 10);
	while (number /= 10);
	return put(at, end, begin);
}

/* "#2", or "#t1.2" when the thread is not the first of its process: the count is the thread's own. */
static char *put_ordinal(const struct object *object, char *at, const char *end)
{
	const char *thread = "";
	const char *dot = "";

	if (object->thread && object->process && strcmp(object->thread->label, object->process->label)) {
		thread = object->thread->label;
		size_t prefix = strlen(object->process->label);
		if (!strncmp(thread, object->process->label, prefix) && thread[prefix] == '.')
			thread += prefix + 1;
		dot = ".";
	}
	at = put(put(put(at, end, "#"), end, thread), end, dot);
	return put_number(at, end, object->ordinal);
}

static const char *describe_side(const struct object *object)
{
	switch (object->side) {
	case 'a':
		return ".a";
	case 'b':
		return ".b";
	case 'r':
		return ".read";
	case 'w':
		return ".write";
	default:
		return "";
	}
}

const char *object_name(struct object *object)
{
	char text[4096], *at = text, *end = text + sizeof(text) - 1;

	if (object->name)
		return object->name;
	if (object->type == OBJECT_PROCESS) {
		describe_process(object, text, sizeof(text));
	} else if (object->type == OBJECT_THREAD) {
		snprintf(text, sizeof(text), "%s", object->label);
	} else {
		at = put(at, end, object->role);
		if (object->numbered)
			at = put_ordinal(object, at, end);
		at = put(put(at, end, describe_side(object)), end, object->label ? object->label : "");
		*at = '\0';
	}
	object->name = strdup(text);
	return object->name ? object->name : "?";
}

int object_print(struct object *object, char *text, size_t size)
{
	if (!object->process || object->process == object || object->type == OBJECT_THREAD)
		return snprintf(text, size, "%s", object_name(object));
	return snprintf(text, size, "%s: %s", object_name(object->process), object_name(object));
}

void object_retain(struct object *object)
{
	object->refs++;
}

static bool is_mutual(const struct object *object)
{
	return object->peer && object->peer->peer == object;
}

/* Whether anything but the other end of its conversation means it. */
static bool is_wanted(const struct object *object)
{
	return object->refs || object->holds > is_mutual(object);
}

static void unhold(struct object *target);

static void destroy(struct object *object)
{
	struct identities *identity = object->identity;
	struct object *waiting;

	while ((waiting = object_queue_pop(object)))
		object_release(waiting);
	socket_forget(object);
	semaphore_forget(object);
	thread_hold(object, NULL);
	if (object->peer)
		unhold(object->peer);
	if (object->origin)
		unhold(object->origin);
	*(object->previous ? &object->previous->next : &identity->objects) = object->next;
	if (object->next)
		object->next->previous = object->previous;
	identity->objects_count--;
	object_free(object);
}

void object_free(struct object *object)
{
	if (object->queue)
		free(object->queue->objects);
	free(object->queue);
	free(object->ends);
	free(object->label);
	free(object->name);
	free(object);
}

static void bury(struct object *object)
{
	struct identities *identity = object->identity;

	if (identity->gone)
		identity->gone(identity->gone_context, object);
	object->is_dying = true;
	object->next_dying = identity->dying;
	identity->dying = object;
}

/*
 * Frees what nothing means any more; the two ends of a conversation go together, so that each can be told with the
 * other. What goes may be all that kept something else, and so on without limit: hence a list and not recursion.
 */
static void let_go(struct object *object)
{
	struct identities *identity = object->identity;
	struct object *peer = is_mutual(object) ? object->peer : NULL;

	if (object->type == OBJECT_PROCESS || object->type == OBJECT_THREAD || object->is_dying)
		return;
	if (is_wanted(object) || (peer && is_wanted(peer)))
		return;
	bury(object);
	if (peer)
		bury(peer);
	if (identity->is_burying)
		return;
	identity->is_burying = true;
	while (identity->dying) {
		struct object *next = identity->dying;
		identity->dying = next->next_dying;
		/* A pair is broken up first, so that neither half points to freed memory. */
		if (is_mutual(next)) {
			next->peer->peer = NULL;
			next->holds--;
		}
		destroy(next);
	}
	identity->is_burying = false;
}

void object_release(struct object *object)
{
	object->refs--;
	let_go(object);
}

/* What pointed to `target` does so no longer. */
static void unhold(struct object *target)
{
	target->holds--;
	let_go(target);
}

void object_label(struct object *object, const char *format, ...)
{
	char text[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	free(object->label);
	free(object->name);
	object->name = NULL;
	object->label = strdup(text);
	if (!object->label)
		object->identity->error = -ENOMEM;
}

void object_pair(struct object *a, struct object *b)
{
	if (a == b || (a->peer && a->peer->peer == a) || (b->peer && b->peer->peer == b))
		return;
	object_point(a, b);
	object_point(b, a);
}

void object_point(struct object *from, struct object *to)
{
	struct object *before = from->peer;

	if (from == to || before == to)
		return;
	from->peer = to;
	to->holds++;
	if (before)
		unhold(before);
}

int object_queue_push(struct object *owner, struct object *object)
{
	struct object_queue *queue = owner->queue;

	if (!queue && !(queue = owner->queue = calloc(1, sizeof(*queue))))
		return -ENOMEM;
	if (queue->count >= QUEUE_MAX)
		return 0;
	if (queue->count == queue->capacity) {
		uint32_t capacity = queue->capacity ? queue->capacity * 2 : 8;
		struct object **objects = malloc(capacity * sizeof(*objects));
		if (!objects)
			return -ENOMEM;
		for (uint32_t i = 0; i < queue->count; i++)
			objects[i] = queue->objects[(queue->first + i) % queue->capacity];
		free(queue->objects);
		queue->objects = objects;
		queue->capacity = capacity;
		queue->first = 0;
	}
	queue->objects[(queue->first + queue->count++) % queue->capacity] = object;
	object_retain(object);
	return 0;
}

struct object *object_queue_pop(struct object *owner)
{
	struct object_queue *queue = owner->queue;

	if (!queue || !queue->count)
		return NULL;
	struct object *object = queue->objects[queue->first];
	queue->first = (queue->first + 1) % queue->capacity;
	queue->count--;
	return object;
}
