// SPDX-License-Identifier: MIT
/*
 * Memory, and what lies in it or is found by a key: mappings, System V objects, POSIX semaphores.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>

#define PAGE 4096u

static uint64_t round_up(uint64_t length)
{
	return length > UINT64_MAX - PAGE ? length : (length + PAGE - 1) / PAGE * PAGE;
}

static void print_length(uint64_t length, char *text, size_t size)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;

	while (unit < 4 && length && length % 1024 == 0) {
		length /= 1024;
		unit++;
	}
	snprintf(text, size, "%llu %s", (unsigned long long)length, units[unit]);
}

/* A mapping of `origin`, or anonymous memory when that is NULL. */
static struct object *new_mapping(struct identities *identity, const struct moment *moment, struct object *origin,
				  uint64_t length, uint32_t protection)
{
	char size[40], label[512];
	struct object *object = object_new(identity, OBJECT_MAPPING, "mapping", moment->thread);

	if (!object)
		return NULL;
	object->length = length;
	object->protection = protection;
	print_length(length, size, sizeof(size));
	snprintf(label, sizeof(label), " (%.400s, %s, %c%c%c)", origin ? object_name(origin) : "anon", size,
		 protection & PROT_READ ? 'r' : '-', protection & PROT_WRITE ? 'w' : '-',
		 protection & PROT_EXEC ? 'x' : '-');
	object_rename(object, moment->thread, "mapping", label);
	if (origin) {
		object->origin = origin;
		origin->holds++;
	}
	return object;
}

static int map(struct identities *identity, const struct moment *moment, uint64_t time, uint64_t start, uint64_t length,
	       struct object *object)
{
	return effect_push(identity, (struct effect){.type = EFFECT_MAP,
						     .time = time,
						     .pid = moment->pid,
						     .key = start,
						     .length = round_up(length),
						     .object = object});
}

int apply_mmap(struct identities *identity, const struct moment *moment)
{
	const uint64_t *args = moment->event->args;
	struct object *origin = NULL;

	if (!moment->ok || moment->call->argc < 6)
		return 0;
	if (!(args[3] & MAP_ANONYMOUS))
		origin = identity_object(identity, moment->pid, KIND_FD, args[4]);
	struct object *object = new_mapping(identity, moment, origin, args[1], (uint32_t)args[2]);
	if (!object)
		return 0;
	identity_set_result(identity, object);
	return map(identity, moment, moment->end, (uint64_t)moment->event->result, args[1], object);
}

int apply_munmap(struct identities *identity, const struct moment *moment)
{
	const uint64_t *args = moment->event->args;

	return moment->ok ? map(identity, moment, moment->event->enter, args[0], args[1], NULL) : 0;
}

int apply_mremap(struct identities *identity, const struct moment *moment)
{
	const uint64_t *args = moment->event->args;
	uint64_t offset;

	if (!moment->ok || moment->call->argc < 3)
		return 0;
	struct object *object = identity_mapping(identity, moment->pid, args[0], &offset);
	if (!object)
		object = new_mapping(identity, moment, NULL, args[2], 0);
	if (!object)
		return 0;
	identity_set_result(identity, object);
	int error = map(identity, moment, moment->event->enter, args[0], args[1], NULL);
	if (error)
		return error;
	return map(identity, moment, moment->end, (uint64_t)moment->event->result, args[2], object);
}

int apply_shmat(struct identities *identity, const struct moment *moment)
{
	const uint64_t *args = moment->event->args;

	if (!moment->ok)
		return 0;
	struct object *segment = identity_object(identity, moment->pid, KIND_SHMID, args[0]);
	uint64_t length = segment && segment->length ? segment->length : PAGE;
	uint32_t protection = PROT_READ | (args[2] & 010000 /* SHM_RDONLY */ ? 0 : PROT_WRITE);
	struct object *object = new_mapping(identity, moment, segment, length, protection);
	if (!object)
		return 0;
	identity_set_result(identity, object);
	return map(identity, moment, moment->end, (uint64_t)moment->event->result, length, object);
}

int apply_shmdt(struct identities *identity, const struct moment *moment)
{
	uint64_t address = moment->event->args[0], offset;
	struct object *object = identity_mapping(identity, moment->pid, address, &offset);

	if (!moment->ok || !object)
		return 0;
	return map(identity, moment, moment->event->enter, address, object->length - offset, NULL);
}

/* ---- System V ---- */

static const struct {
	enum kind kind;
	enum object_type type;
	const char *role;
} sysv_sorts[] = {
	{KIND_MSQID, OBJECT_MSGQ, "msgq"},
	{KIND_SEMID, OBJECT_SEMSET, "semset"},
	{KIND_SHMID, OBJECT_SEGMENT, "shm"},
};

static unsigned find_sort(enum kind kind)
{
	for (unsigned i = 0; i < 3; i++)
		if (sysv_sorts[i].kind == kind)
			return i;
	return 0;
}

static uint64_t sysv_key(enum kind kind, uint64_t id)
{
	return (uint64_t)kind << 32 | (uint32_t)id;
}

struct object *sysv_object(struct identities *identity, enum kind kind, uint64_t id)
{
	struct object *object = map_get(&identity->sysv, sysv_key(kind, id));
	unsigned sort = find_sort(kind);

	if (object)
		return object;
	object = object_new(identity, sysv_sorts[sort].type, sysv_sorts[sort].role, NULL);
	if (!object)
		return NULL;
	object->number = id;
	object_label(object, " id %u", (unsigned)id);
	object_retain(object);
	if (map_put(&identity->sysv, sysv_key(kind, id), object)) {
		object_release(object);
		return NULL;
	}
	return object;
}

/* A second object with the same key says so: the first was removed in between. */
static struct object *new_sysv(struct identities *identity, const struct moment *moment, unsigned sort, uint32_t key)
{
	char label[80];
	struct object *object = object_new(identity, sysv_sorts[sort].type, sysv_sorts[sort].role, moment->thread);

	if (!object)
		return NULL;
	if (key == IPC_PRIVATE) {
		snprintf(label, sizeof(label), " private by %.60s", moment->process->object.label);
		object_rename(object, moment->thread, sysv_sorts[sort].role, label);
		return object;
	}
	uint64_t generation_key = (uint64_t)sysv_sorts[sort].kind << 32 | key;
	uintptr_t generation = (uintptr_t)map_get(&identity->keys, generation_key) + 1;
	if (map_put(&identity->keys, generation_key, (void *)generation))
		identity->error = -ENOMEM;
	if (generation > 1)
		object_label(object, " key 0x%x (%u)", key, (unsigned)generation);
	else
		object_label(object, " key 0x%x", key);
	return object;
}

/* *get: the first argument is the key; shmget's second is the size. The id lives for all processes. */
int apply_sysv_get(struct identities *identity, const struct moment *moment, enum kind kind)
{
	const uint64_t *args = moment->event->args;
	uint64_t place = sysv_key(kind, (uint64_t)moment->event->result);
	uint32_t key = (uint32_t)args[0];
	struct object *object = map_get(&identity->sysv, place);

	if (!moment->ok)
		return 0;
	/* Seen before: the same object got again, unless it is a private one, which is always new. */
	if (!object || key == IPC_PRIVATE || !object->process) {
		object = new_sysv(identity, moment, find_sort(kind), key);
		if (!object)
			return 0;
		object->number = (uint32_t)moment->event->result;
		if (kind == KIND_SHMID)
			object->length = args[1];
	}
	identity_set_result(identity, object);
	/* Ids are told to others by other ways than this call: known at once, not only when it returned. */
	return effect_push(
		identity,
		(struct effect){.type = EFFECT_SYSV, .time = moment->event->enter, .key = place, .object = object});
}

/* ---- POSIX semaphores ---- */

/* Found by `key` as long as anybody means it; who makes it again later gives it the same name. */
void semaphore_note(struct object *object, uint64_t key)
{
	object->number = key;
	if (map_put(&object->identity->named, key, object))
		object->identity->error = -ENOMEM;
}

void semaphore_forget(struct object *object)
{
	if (object->type == OBJECT_SEM && map_get(&object->identity->named, object->number) == object)
		map_take(&object->identity->named, object->number);
}

/*
 * The semaphore at an address where none was opened or initialised before our eyes: it lies in a mapping, and whoever
 * maps the same memory means the same semaphore.
 */
static struct object *place_semaphore(struct identities *identity, struct process *process, uint64_t address,
				      struct thread *thread)
{
	uint64_t offset = 0;
	struct object *mapping = identity_mapping(identity, (uint32_t)process->object.number, address, &offset);
	struct object *place = mapping && mapping->origin ? mapping->origin : mapping;
	uint64_t key = map_hash(place ? place->id : 0, &offset, sizeof(offset));

	if (place && place->type == OBJECT_FILE) {
		const char *name = object_name(place);
		key = map_hash(key ^ map_hash(place->id, &offset, sizeof(offset)), name, strlen(name));
	}
	struct object *object = place ? map_get(&identity->named, key) : NULL;
	if (object)
		return object;
	object = object_new(identity, OBJECT_SEM, "sem", thread);
	if (!object)
		return NULL;
	object->process = &process->object;
	if (!place) {
		object_rename(object, thread, "sem", NULL);
		return object;
	}
	object_label(object, " in %s + 0x%llx", object_name(place), (unsigned long long)offset);
	semaphore_note(object, key);
	return object;
}

struct object *semaphore_object(struct identities *identity, struct process *process, uint64_t address)
{
	struct object *object = map_get(&process->semaphores->map, address);
	if (object)
		return object;
	object = place_semaphore(identity, process, address, process->main);
	if (!object)
		return NULL;
	object_retain(object);
	int error = handles_put(&process->semaphores, address, object, false);
	bool is_kept = object->refs > 1;
	object_release(object);
	return error || !is_kept ? NULL : object;
}

/* sem_init: what was at the address before, if anything, is another semaphore. */
int apply_semaphore(struct identities *identity, const struct moment *moment, uint64_t address)
{
	struct object *object = place_semaphore(identity, moment->process, address, moment->thread);
	if (!object)
		return 0;
	identity_set_result(identity, object);
	return effect_push(identity, (struct effect){.type = EFFECT_SEMAPHORE,
						     .time = moment->end,
						     .pid = moment->pid,
						     .key = address,
						     .object = object});
}
