// SPDX-License-Identifier: MIT
/*
 * What is to take effect later, and when: a heap by time. What each effect does to the tables is here, too.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <stdlib.h>

/* So many effects wait at most; one more takes effect at once. Honest logs have one a thread. */
#define EFFECTS_MAX (1u << 20)

static bool effect_before(const struct effect *a, const struct effect *b)
{
	return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void effect_sink(struct identities *identity)
{
	struct effect *heap = identity->effects;
	uint32_t at = 0;

	for (;;) {
		uint32_t child = at * 2 + 1;
		if (child + 1 < identity->effects_count && effect_before(&heap[child + 1], &heap[child]))
			child++;
		if (child >= identity->effects_count || !effect_before(&heap[child], &heap[at]))
			return;
		struct effect effect = heap[at];
		heap[at] = heap[child];
		heap[child] = effect;
		at = child;
	}
}

static void effect_take(struct identities *identity);

static int effects_grow(struct identities *identity)
{
	uint32_t capacity = identity->effects_capacity ? identity->effects_capacity * 2 : 64;
	struct effect *effects = realloc(identity->effects, capacity * sizeof(*effects));
	if (!effects)
		return -ENOMEM;
	identity->effects = effects;
	identity->effects_capacity = capacity;
	return 0;
}

int effect_push(struct identities *identity, struct effect effect)
{
	if (identity->effects_count >= EFFECTS_MAX)
		effect_take(identity);
	if (identity->effects_count == identity->effects_capacity && effects_grow(identity)) {
		free(effect.payload);
		return -ENOMEM;
	}
	if (effect.object)
		object_retain(effect.object);
	if (effect.other)
		object_retain(effect.other);
	effect.order = identity->effects_order++;
	uint32_t at = identity->effects_count++;
	for (; at && effect_before(&effect, &identity->effects[(at - 1) / 2]); at = (at - 1) / 2)
		identity->effects[at] = identity->effects[(at - 1) / 2];
	identity->effects[at] = effect;
	return 0;
}

int effect_descriptor(struct identities *identity, const struct moment *moment, uint64_t key, struct object *object,
		      bool cloexec)
{
	if (object && identity->made_count < MADE_MAX)
		identity->made[identity->made_count++] = (struct made_descriptor){key, object};
	return effect_push(identity, (struct effect){.type = EFFECT_DESCRIPTOR,
						     .time = moment->end,
						     .pid = moment->pid,
						     .key = key,
						     .object = object,
						     .flag = cloexec});
}

static int take_handle(struct handles **handles, const struct effect *effect)
{
	if (effect->object)
		return handles_put(handles, effect->key, effect->object, effect->flag);
	return handles_take(handles, effect->key);
}

static int take_sysv(struct identities *identity, const struct effect *effect)
{
	int error = 0;
	struct object *before = map_take(&identity->sysv, effect->key);

	if (effect->object) {
		error = map_put(&identity->sysv, effect->key, effect->object);
		if (!error)
			object_retain(effect->object);
	}
	if (before)
		object_release(before);
	return error;
}

static int effect_do(struct identities *identity, struct effect *effect)
{
	bool is_global = effect->type >= EFFECT_SYSV;
	struct process *process = is_global ? NULL : process_find(identity, effect->pid);
	if (!is_global && !process)
		return -ENOMEM;

	switch (effect->type) {
	case EFFECT_DESCRIPTOR:
		return take_handle(&process->descriptors, effect);
	case EFFECT_DESCRIPTORS_GONE:
		return handles_take_range(&process->descriptors, effect->key, effect->key + effect->length,
					  effect->flag);
	case EFFECT_SEMAPHORE:
		return take_handle(&process->semaphores, effect);
	case EFFECT_MAP:
		if (effect->object)
			return mapping_add(&process->mappings, effect->key, effect->length, effect->object);
		return mapping_remove(&process->mappings, effect->key, effect->length);
	case EFFECT_SYSV:
		return take_sysv(identity, effect);
	case EFFECT_MEET:
		socket_meet(effect->other, effect->object, effect->flag);
		return 0;
	case EFFECT_RECEIVED:
		return socket_received(process, effect->object, effect->payload);
	case EFFECT_PROCESS:
		process_announce(identity, effect->payload);
		return 0;
	case EFFECT_THREAD:
		thread_announce(identity, effect->payload);
		return 0;
	case EFFECT_THREAD_END:
		thread_over(identity, effect->pid, (uint32_t)effect->key);
		return 0;
	case EFFECT_GAP:
		processes_forget(identity);
		return 0;
	}
	return 0;
}

static void effect_free(struct effect *effect)
{
	if (effect->object)
		object_release(effect->object);
	if (effect->other)
		object_release(effect->other);
	if (effect->type == EFFECT_PROCESS)
		news_free(effect->payload);
	else
		free(effect->payload);
}

/* The earliest one happens. */
static void effect_take(struct identities *identity)
{
	struct effect effect = identity->effects[0];

	identity->epoch++;
	identity->effects[0] = identity->effects[--identity->effects_count];
	effect_sink(identity);
	if (effect_do(identity, &effect))
		identity->error = -ENOMEM;
	effect_free(&effect);
}

void effects_take(struct identities *identity, uint64_t until)
{
	while (identity->effects_count && identity->effects[0].time <= until)
		effect_take(identity);
}

void effects_free(struct identities *identity)
{
	for (uint32_t i = 0; i < identity->effects_count; i++) {
		struct effect *effect = &identity->effects[i];
		if (effect->type == EFFECT_PROCESS)
			news_free(effect->payload);
		else
			free(effect->payload);
	}
	free(identity->effects);
}
