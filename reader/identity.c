// SPDX-License-Identifier: MIT
/*
 * The identity as its users see it: what it is made of, the next event, and look-ups. What is behind is in
 * identity_process.c and identity_effect.c; what single calls do in identity_rules.c, identity_socket.c,
 * identity_rights.c and identity_memory.c.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int identity_new(struct identities **identity, const struct catalogue *catalogue)
{
	struct identities *made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;

	made->catalogue = catalogue;
	if (rules_make(made)) {
		identity_free(made);
		return -ENOMEM;
	}
	*identity = made;
	return 0;
}

static void free_objects(struct identities *identity)
{
	while (identity->objects) {
		struct object *object = identity->objects;
		identity->objects = object->next;
		object_free(object);
	}
	while (identity->all_threads) {
		struct thread *thread = identity->all_threads;
		identity->all_threads = thread->next;
		thread_free(thread);
	}
}

/* Tables are dropped without their objects going one by one: these are all freed right after. */
static void keep_all(struct identities *identity)
{
	identity->gone = NULL;
	for (struct object *object = identity->objects; object; object = object->next)
		object->refs++;
}

void identity_free(struct identities *identity)
{
	if (!identity)
		return;
	keep_all(identity);
	effects_free(identity);
	while (identity->all_processes) {
		struct process *process = identity->all_processes;
		identity->all_processes = process->next;
		process_free(process);
	}
	free_objects(identity);
	struct map *maps[] = {&identity->processes, &identity->threads, &identity->counters,
			      &identity->talks,	    &identity->bound,	&identity->sysv,
			      &identity->keys,	    &identity->named,	&identity->inodes};
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		map_clear(maps[i]);
	rules_free(identity);
	free(identity);
}

void identity_watch(struct identities *identity, void (*gone)(void *context, struct object *object), void *context)
{
	identity->gone = gone;
	identity->gone_context = context;
}

void identity_finish(struct identities *identity)
{
	effects_take(identity, UINT64_MAX);
	if (identity->gone)
		for (struct object *object = identity->objects; object; object = object->next)
			identity->gone(identity->gone_context, object);
	identity->gone = NULL;
}

uint32_t identity_event_pid(const struct event *event)
{
	uint32_t pid;

	for (uint32_t i = 0; event->borrowed && i < event->items_count; i++) {
		if (event->items[i].form != ITEM_PID || event->items[i].size < sizeof(pid))
			continue;
		memcpy(&pid, event->items[i].bytes, sizeof(pid));
		return pid;
	}
	return event->pid;
}

static const struct rule *rule_of(const struct identities *identity, const struct event *event)
{
	return &identity->rules[event->call - event->catalogue->calls];
}

void identity_set_result(struct identities *identity, struct object *object)
{
	if (object)
		object_retain(object);
	if (identity->result)
		object_release(identity->result);
	identity->result = object;
}

/* The process of the moment, made when it is a vfork child that was never heard of. */
static struct process *moment_process(struct identities *identity, const struct event *event, uint32_t pid)
{
	if (pid == event->pid || map_get(&identity->processes, pid))
		return process_find(identity, pid);
	struct process *parent = process_find(identity, event->pid);
	struct thread *creator = parent ? thread_find(identity, parent, event->tid) : NULL;

	return creator ? process_fork(identity, creator, pid) : NULL;
}

int identity_observe(struct identities *identity, const struct event *event)
{
	struct moment *moment = &identity->moment;

	identity->made_count = 0;
	effects_take(identity, event->enter);
	if (identity->result)
		identity_set_result(identity, NULL);
	*moment = (struct moment){.event = event, .call = event->call, .rule = rule_of(identity, event)};
	if (moment->rule->apply) {
		identity->epoch++;
		moment->pid = identity_event_pid(event);
		moment->end = event->enter + event->duration;
		if (moment->end < event->enter)
			moment->end = UINT64_MAX;
		moment->ok = event->outcome == OUTCOME_RETURNED && !call_failed(event->call, event->result);
		moment->process = moment_process(identity, event, moment->pid);
		if (moment->process)
			moment->thread = thread_find(identity, moment->process,
						     moment->pid == event->pid ? event->tid : moment->pid);
		if (moment->thread)
			moment->rule->apply(identity, moment);
	}
	int error = identity->error;
	identity->error = 0;
	return error;
}

uint64_t identity_epoch(const struct identities *identity)
{
	return identity->epoch;
}

bool identity_is_quiet(const struct identities *identity, const struct event *event)
{
	return !rule_of(identity, event)->apply;
}

uint64_t identity_quiet_until(const struct identities *identity)
{
	return identity->effects_count ? identity->effects[0].time : UINT64_MAX;
}

struct object *identity_result(struct identities *identity)
{
	return identity->result;
}

struct object *identity_made(struct identities *identity, int32_t fd)
{
	for (uint32_t i = 0; i < identity->made_count; i++)
		if (identity->made[i].fd == (uint32_t)fd)
			return identity->made[i].object;
	return NULL;
}

struct object *identity_subject(struct identities *identity, const struct event *event)
{
	const struct rule *rule = rule_of(identity, event);
	struct object *object = NULL;

	if (rule->subject >= 0) {
		unsigned arg = (unsigned)rule->subject;
		enum kind kind = event->call->args[arg].value.kind;
		if (kind == KIND_SELECT)
			kind = catalogue_resolve(event->catalogue, event->call, arg, event->args).kind;
		object = identity_object(identity, identity_event_pid(event), kind, event->args[arg]);
	}
	return object ? object : identity->result;
}

struct object *identity_thread_object(struct identities *identity, uint32_t pid, uint32_t tid)
{
	struct process *process = process_find(identity, pid);
	struct thread *thread = process ? thread_find(identity, process, tid) : NULL;

	return thread ? &thread->object : NULL;
}

/* ---- look-ups ---- */

static struct object *descriptor_object(struct identities *identity, struct process *process, int32_t fd)
{
	if (fd < 0)
		return NULL;
	struct object *object = map_get(&process->descriptors->map, (uint64_t)fd);
	if (object)
		return object;
	object = object_new(identity, OBJECT_UNKNOWN, "fd", NULL);
	if (!object)
		return NULL;
	object->process = &process->object;
	object->number = (uint64_t)fd;
	object_label(object, " %d", fd);
	if (handles_put(&process->descriptors, (uint64_t)fd, object, false) || !object->refs) {
		object_retain(object);
		object_release(object);
		return NULL;
	}
	return object;
}

static struct object *thread_by_tid(struct identities *identity, uint32_t pid, uint32_t tid)
{
	struct thread *thread = map_get(&identity->threads, thread_key(pid, tid));

	return thread ? &thread->object : NULL;
}

struct object *identity_mapping(struct identities *identity, uint32_t pid, uint64_t address, uint64_t *offset)
{
	struct process *process = map_get(&identity->processes, pid);
	const struct mapping_range *range = process ? mapping_find(process->mappings, address) : NULL;
	if (!range)
		return NULL;
	*offset = range->offset + (address - range->start);
	return range->object;
}

struct object *identity_object(struct identities *identity, uint32_t pid, enum kind kind, uint64_t value)
{
	struct process *process;
	uint64_t offset;

	switch (kind) {
	case KIND_FD:
	case KIND_MQD:
		process = process_find(identity, pid);
		return process ? descriptor_object(identity, process, (int32_t)value) : NULL;
	case KIND_PID:
		process = map_get(&identity->processes, (uint32_t)value);
		return process ? &process->object : NULL;
	case KIND_TID:
		return thread_by_tid(identity, pid, (uint32_t)value);
	case KIND_MSQID:
	case KIND_SEMID:
	case KIND_SHMID:
		return (int32_t)value < 0 ? NULL : sysv_object(identity, kind, (uint32_t)value);
	case KIND_SEM:
		process = process_find(identity, pid);
		return process && value ? semaphore_object(identity, process, value) : NULL;
	case KIND_ADDRESS:
		return identity_mapping(identity, pid, value, &offset);
	default:
		return NULL;
	}
}
