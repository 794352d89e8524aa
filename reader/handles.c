// SPDX-License-Identifier: MIT
/*
 * Copy-on-write tables of handles: a server that forks a thousand workers has a thousand tables but few copies.
 */
#include "reader/handles.h"

#include <errno.h>
#include <stdlib.h>

/* No process has more; a log that claims so must not make every fork copy gigabytes. */
#define HANDLES_MAX (1u << 20)

struct handles *handles_new(void)
{
	struct handles *handles = calloc(1, sizeof(*handles));

	if (handles)
		handles->sharers = 1;
	return handles;
}

struct handles *handles_share(struct handles *handles)
{
	handles->sharers++;
	return handles;
}

void handles_drop(struct handles *handles)
{
	if (!handles || --handles->sharers)
		return;
	for (struct map_slot *slot = map_next(&handles->map, NULL); slot; slot = map_next(&handles->map, slot))
		object_release(slot->value);
	map_clear(&handles->map);
	free(handles);
}

void handles_leave(struct handles *handles)
{
	bool is_last = handles && handles->sharers == 1;

	for (struct map_slot *slot = is_last ? map_next(&handles->map, NULL) : NULL; slot;
	     slot = map_next(&handles->map, slot)) {
		struct object *object = slot->value;
		object->is_left = object->refs == 1;
	}
	handles_drop(handles);
}

static int unshare(struct handles **handles)
{
	if ((*handles)->sharers == 1)
		return 0;
	struct handles *own = handles_new();
	if (!own || map_copy(&own->map, &(*handles)->map)) {
		free(own);
		return -ENOMEM;
	}
	for (struct map_slot *slot = map_next(&own->map, NULL); slot; slot = map_next(&own->map, slot))
		object_retain(slot->value);
	(*handles)->sharers--;
	*handles = own;
	return 0;
}

int handles_put(struct handles **handles, uint64_t key, struct object *object, bool flag)
{
	struct map_slot *slot = map_slot(&(*handles)->map, key);

	if (slot && slot->value == object && slot->flag == flag)
		return 0;
	if (!slot && (*handles)->map.count >= HANDLES_MAX)
		return 0;
	int error = unshare(handles);
	if (error)
		return error;
	object_retain(object);
	struct object *old = map_get(&(*handles)->map, key);
	error = map_put(&(*handles)->map, key, object);
	if (error) {
		object_release(object);
		return error;
	}
	map_slot(&(*handles)->map, key)->flag = flag;
	if (old)
		object_release(old);
	return 0;
}

int handles_take(struct handles **handles, uint64_t key)
{
	if (!map_slot(&(*handles)->map, key))
		return 0;
	int error = unshare(handles);
	if (!error)
		object_release(map_take(&(*handles)->map, key));
	return error;
}

struct key_range {
	uint64_t first, last;
};

static bool is_outside(void *context, const struct map_slot *slot)
{
	const struct key_range *range = context;

	return slot->key < range->first || slot->key > range->last;
}

int handles_filter(struct handles **handles, bool (*keep)(void *context, const struct map_slot *slot), void *context)
{
	struct handles *kept = handles_new();
	if (!kept)
		return -ENOMEM;

	struct map *from = &(*handles)->map;
	for (struct map_slot *slot = map_next(from, NULL); slot; slot = map_next(from, slot)) {
		if (!keep(context, slot))
			continue;
		if (handles_put(&kept, slot->key, slot->value, slot->flag)) {
			handles_drop(kept);
			return -ENOMEM;
		}
	}
	handles_drop(*handles);
	*handles = kept;
	return 0;
}

int handles_take_range(struct handles **handles, uint64_t first, uint64_t last, bool flag_only)
{
	struct key_range range = {first, last};

	if (!flag_only)
		return handles_filter(handles, is_outside, &range);
	int error = unshare(handles);
	if (error)
		return error;
	struct map *map = &(*handles)->map;
	for (struct map_slot *slot = map_next(map, NULL); slot; slot = map_next(map, slot))
		if (!is_outside(&range, slot))
			slot->flag = true;
	return 0;
}
