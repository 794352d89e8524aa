// SPDX-License-Identifier: MIT
/*
 * Who takes part in a score, and what they handle. A recorded number means nothing here without who used it: slots are
 * found by process, number and object, and what a process did not make itself it has from its parent.
 */
#include "replay/composition.h"

#include <errno.h>
#include <sys/socket.h>

#include "reader/endpoint.h"

static uint64_t key_of(uint64_t a, uint64_t b, uint64_t c)
{
	return map_mix(map_mix(map_mix(a) + b) + c);
}

static void put(struct composition *composition, struct map *map, uint64_t key, uint32_t index)
{
	if (map_put(map, key, (void *)((uintptr_t)index + 1)))
		composition->failed = true;
}

static uint32_t get(const struct map *map, uint64_t key)
{
	return (uint32_t)((uintptr_t)map_get(map, key) - 1);
}

static uint32_t process_add(struct composition *composition, uint32_t parent, uint32_t pid)
{
	struct score_process *process = rows_add(&composition->processes, sizeof(*process));

	if (!process)
		return 0;
	*process = (struct score_process){.parent = parent,
					  .main = SCORE_NONE,
					  .pid = pid,
					  .status = -1,
					  .is_orphan = parent == SCORE_NONE,
					  .exit_part = SCORE_NONE,
					  .exit_act = SCORE_NONE};
	put(composition, &composition->by_pid, pid, composition->processes.count - 1);
	return composition->processes.count - 1;
}

uint32_t cast_process(struct composition *composition, uint32_t pid)
{
	uint32_t process = get(&composition->by_pid, pid);

	return process != SCORE_NONE ? process : process_add(composition, SCORE_NONE, pid);
}

static uint32_t part_add(struct composition *composition, uint32_t process, uint32_t tid)
{
	struct composed_part *part = rows_add(&composition->parts, sizeof(*part));

	if (!part)
		return 0;
	part->score.process = process;
	part->score.tid = tid;
	part->first = part->last = SCORE_NONE;
	return composition->parts.count - 1;
}

uint32_t cast_fork(struct composition *composition, uint32_t parent, uint32_t pid)
{
	uint32_t process = process_add(composition, parent, pid);

	ROWS(composition->processes, struct score_process)[process].forked = composition->acts.count;
	cast_part(composition, process, pid);
	return process;
}

uint32_t cast_part(struct composition *composition, uint32_t process, uint32_t tid)
{
	uint32_t part = get(&composition->by_thread, (uint64_t)process << 32 | tid);
	struct score_process *owner = &ROWS(composition->processes, struct score_process)[process];

	if (part != SCORE_NONE)
		return part;
	part = part_add(composition, process, tid);
	put(composition, &composition->by_thread, (uint64_t)process << 32 | tid, part);
	if (owner->main == SCORE_NONE) {
		owner->main = part;
		COMPOSED_PART(composition, part)->score.is_begun = true;
	}
	return part;
}

uint32_t cast_thread(struct composition *composition, uint32_t process, uint32_t creator, uint32_t ordinal)
{
	uint64_t key = key_of(process, creator, ordinal);
	uint32_t part = get(&composition->by_ordinal, key);

	if (part == SCORE_NONE) {
		part = part_add(composition, process, 0);
		put(composition, &composition->by_ordinal, key, part);
	}
	return part;
}

int cast_thread_seen(struct composition *composition, const struct frame_thread *thread)
{
	uint32_t process, part, start;

	if (thread->tid == thread->pid)
		return 0;
	process = cast_process(composition, thread->pid);
	cast_part(composition, process, thread->pid);
	part = cast_thread(composition, process, thread->creator, thread->ordinal);
	COMPOSED_PART(composition, part)->score.tid = thread->tid;
	start = get(&composition->starts, map_mix(thread->start));
	if (start == SCORE_NONE)
		put(composition, &composition->starts, map_mix(thread->start), start = composition->starts.count);
	COMPOSED_PART(composition, part)->score.start = start % PART_STARTS;
	put(composition, &composition->by_thread, (uint64_t)process << 32 | thread->tid, part);
	return composition->failed ? -ENOMEM : 0;
}

uint32_t cast_object(struct composition *composition, const struct object *object)
{
	struct composed_object *made;
	uint32_t index;

	if (!object)
		return SCORE_NONE;
	index = get(&composition->by_id, object->id);
	if (index != SCORE_NONE)
		return index;
	made = rows_add(&composition->objects, sizeof(*made));
	if (!made)
		return 0;
	*made = (struct composed_object){.id = object->id,
					 .peer = SCORE_NONE,
					 .origin = SCORE_NONE,
					 .mapping = SCORE_NONE,
					 .listener = SCORE_NONE,
					 .name = SCORE_NONE,
					 .sender = SCORE_NONE,
					 .feeder = SCORE_NONE,
					 .family = object->family,
					 .socket_type = object->socket_type,
					 .type = (uint8_t)object->type,
					 .is_file = object->type == OBJECT_FILE};
	index = composition->objects.count - 1;
	put(composition, &composition->by_id, object->id, index);
	return index;
}

uint32_t cast_name(struct composition *composition, const struct endpoint *endpoint, uint16_t socket_type)
{
	/* objects are numbered from 1 on, and never get so far */
	struct object name = {.type = OBJECT_UNKNOWN, .id = 1ull << 63 | socket_type};

	if (!endpoint_is_named(endpoint))
		return SCORE_NONE;
	if (endpoint->family == AF_UNIX)
		name.id |= map_hash(socket_type, endpoint->path, strlen(endpoint->path));
	else
		name.id |= (uint64_t)endpoint->port << 16;
	return cast_object(composition, &name);
}

static uint32_t slot_add(struct composition *composition, uint32_t process, int32_t fd, uint32_t object)
{
	struct composed_slot *slot = rows_add(&composition->slots, sizeof(*slot));

	if (!slot)
		return 0;
	*slot = (struct composed_slot){.process = process, .object = object, .fd = fd, .before = SCORE_NONE};
	return composition->slots.count - 1;
}

static uint64_t handle_key(uint32_t process, int32_t fd, uint32_t object)
{
	return key_of(process, (uint32_t)fd, object);
}

/* The latest is found first. One that was there from the beginning is the first of all, whenever it is learnt of. */
static void slot_put(struct composition *composition, uint32_t index)
{
	struct composed_slot *slot = COMPOSED_SLOT(composition, index);
	uint64_t key = handle_key(slot->process, slot->fd, slot->object);
	uint32_t other = get(&composition->by_handle, key);

	if (slot->since || other == SCORE_NONE) {
		slot->before = other;
		put(composition, &composition->by_handle, key, index);
		return;
	}
	while (COMPOSED_SLOT(composition, other)->before != SCORE_NONE)
		other = COMPOSED_SLOT(composition, other)->before;
	COMPOSED_SLOT(composition, other)->before = index;
}

/* What the number meant when `until` acts had been composed; SCORE_NONE when it is not known. */
static uint32_t slot_get(const struct composition *composition, uint32_t process, int32_t fd, uint32_t object,
			 uint32_t until)
{
	uint32_t slot = get(&composition->by_handle, handle_key(process, fd, object));

	while (slot != SCORE_NONE && COMPOSED_SLOT(composition, slot)->since > until)
		slot = COMPOSED_SLOT(composition, slot)->before;
	return slot;
}

/* What came in a message is known by its object only now that it is used. */
static uint32_t slot_received(struct composition *composition, uint32_t process, int32_t fd, uint32_t object)
{
	uint64_t key = (uint64_t)process << 32 | (uint32_t)fd;
	uint32_t slot = get(&composition->pending, key);

	if (slot == SCORE_NONE)
		return slot;
	map_take(&composition->pending, key);
	COMPOSED_SLOT(composition, slot)->object = object;
	slot_put(composition, slot);
	return slot;
}

uint32_t cast_slot(struct composition *composition, uint32_t process, uint32_t pid, int32_t fd)
{
	uint32_t object =
		cast_object(composition, identity_object(composition->identities, pid, KIND_FD, (uint32_t)fd));
	uint32_t slot, at, top = process, until = UINT32_MAX;

	if (fd < 0 || object == SCORE_NONE)
		return SCORE_NONE;
	/* of what its parents had it has what was there when it was forked */
	for (at = process; at != SCORE_NONE;) {
		const struct score_process *maker = &ROWS(composition->processes, struct score_process)[at];
		slot = slot_get(composition, at, fd, object, until);
		if (slot == SCORE_NONE)
			slot = slot_received(composition, at, fd, object);
		if (slot != SCORE_NONE)
			return slot;
		top = at;
		until = maker->forked;
		at = maker->parent;
	}
	slot = slot_add(composition, top, fd, object);
	slot_put(composition, slot);
	return slot;
}

uint32_t cast_slot_made(struct composition *composition, uint32_t process, int32_t fd, const struct object *object)
{
	uint32_t index = cast_object(composition, object);
	uint32_t slot = slot_add(composition, process, fd, index);

	COMPOSED_SLOT(composition, slot)->is_made = true;
	COMPOSED_SLOT(composition, slot)->since = composition->acts.count;
	if (object) {
		COMPOSED_OBJECT(composition, index)->is_made = true;
		slot_put(composition, slot);
	} else {
		put(composition, &composition->pending, (uint64_t)process << 32 | (uint32_t)fd, slot);
	}
	return slot;
}

void cast_free(struct composition *composition)
{
	struct map *maps[] = {&composition->by_pid,    &composition->by_thread, &composition->by_ordinal,
			      &composition->by_handle, &composition->by_id,	&composition->pending,
			      &composition->threads,   &composition->pool_map,	&composition->ports,
			      &composition->starts};
	struct rows *rows[] = {&composition->acts,     &composition->composed,	&composition->processes,
			       &composition->parts,    &composition->slots,	&composition->objects,
			       &composition->accesses, &composition->standins,	&composition->edges,
			       &composition->feeds,    &composition->interests, &composition->pieces};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		map_clear(maps[i]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		rows_free(rows[i]);
	text_free(&composition->pool);
	free(composition->flows);
	free(composition->calls);
}
