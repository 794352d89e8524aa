// SPDX-License-Identifier: MIT
/*
 * Finds out what each call of a draft is about, by the same rules as the commands.
 */
#include "tests/diff/draft_parts.h"

#include "reader/identity.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

struct search {
	struct draft *draft;
	struct identities *identity;
	struct map streams; /* by pid and tid: the one that is running */
};

static uint64_t stream_key(uint32_t pid, uint32_t tid)
{
	return (uint64_t)pid << 32 | tid;
}

static struct draft_object *draft_object(struct draft *draft, uint64_t id)
{
	if (id >= draft->objects_count) {
		size_t count = (id + 1) * 2;
		draft->objects = reallocarray(draft->objects, count, sizeof(*draft->objects));
		if (!draft->objects)
			errx(2, "no memory");
		memset(draft->objects + draft->objects_count, 0,
		       (count - draft->objects_count) * sizeof(*draft->objects));
		draft->objects_count = count;
	}
	return &draft->objects[id];
}

static void note_port(struct draft *draft, const struct object *object)
{
	uint16_t port = object_local(object)->port;

	if (!object->any_port || !port)
		return;
	for (size_t i = 0; i < draft->chosen_ports_count; i++)
		if (draft->chosen_ports[i] == port)
			return;
	draft->chosen_ports = reallocarray(draft->chosen_ports, draft->chosen_ports_count + 1, sizeof(port));
	if (!draft->chosen_ports)
		errx(2, "no memory");
	draft->chosen_ports[draft->chosen_ports_count++] = port;
}

static uint32_t note_object(struct draft *draft, struct object *object, uint64_t ticks)
{
	struct draft_object *seen = draft_object(draft, object->id);
	const char *name = object_name(object);

	if (!seen->name || strcmp(seen->name, name))
		seen->name = strcpy(draft_memory(draft, strlen(name) + 1, 1), name);
	if (!seen->first)
		seen->first = ticks;
	seen->last = ticks;
	seen->type = object->type;
	seen->socket_type = object->socket_type;
	seen->peer = object->peer ? (uint32_t)object->peer->id : 0;
	note_port(draft, object);
	return (uint32_t)object->id;
}

static int see_thread(struct search *search, const struct frame_thread *thread)
{
	struct draft *draft = search->draft;

	for (size_t i = 0; i < draft->streams_count; i++) {
		const struct draft_stream *stream = &draft->streams[i];
		if (stream->begin && stream->pid == thread->pid && stream->tid == thread->tid &&
		    stream->begin->ticks == thread->ticks &&
		    map_put(&search->streams, stream_key(thread->pid, thread->tid), (void *)(i + 1)))
			return -1;
	}
	return identity_thread(search->identity, thread);
}

static int see_event(struct search *search, const struct event *event)
{
	struct draft *draft = search->draft;
	size_t number = (size_t)map_get(&search->streams, stream_key(event->pid, event->tid));
	struct draft_stream *stream = number ? &draft->streams[number - 1] : NULL;
	struct object *object;
	int rc = identity_observe(search->identity, event);

	if (rc || !stream || event->sequence >= stream->count)
		return rc;
	object = identity_subject(search->identity, event);
	if (object && stream->events[event->sequence]->event.enter == event->enter)
		stream->events[event->sequence]->object = note_object(draft, object, event->enter);
	return 0;
}

static int see(struct search *search, const struct trace_entry *entry)
{
	switch (entry->kind) {
	case TRACE_EVENT:
		return see_event(search, entry->event);
	case TRACE_PROCESS:
		return identity_process(search->identity, entry->process);
	case TRACE_THREAD:
		return see_thread(search, entry->thread);
	case TRACE_THREAD_END:
		return identity_thread_end(search->identity, entry->thread_end);
	default:
		return 0;
	}
}

int draft_find_objects(struct draft *draft)
{
	struct search search = {.draft = draft};
	struct trace_entry entry;
	int rc = identity_new(&search.identity, trace_catalogue(draft->trace));

	while (!rc) {
		rc = trace_next(draft->trace, &entry);
		if (!rc)
			rc = see(&search, &entry);
	}
	identity_free(search.identity);
	map_clear(&search.streams);
	return rc == TRACE_E_END ? 0 : rc;
}
