// SPDX-License-Identifier: MIT
/*
 * The numbers by which one process means objects: its descriptor table, or its semaphores by address. As with the real
 * thing, a fork copies it; here the copy is shared until one of the two changes it.
 */
#ifndef IPCTRACE_READER_HANDLES_H
#define IPCTRACE_READER_HANDLES_H

#include "reader/map.h"
#include "reader/object.h"

struct handles {
	uint32_t sharers;
	struct map map; /* a slot's flag: closed on exec */
};

/* How an object is kept and let go; the same for all tables of one identity. */
void object_retain(struct object *object);
void object_release(struct object *object);

/* An empty table with one sharer, or NULL. */
struct handles *handles_new(void);

/* One more who shares it. */
struct handles *handles_share(struct handles *handles);

/* One sharer less; the last one frees it. NULL is allowed. */
void handles_drop(struct handles *handles);

/* The same with a process that is gone: what only it still had was left, not closed (object->is_left). */
void handles_leave(struct handles *handles);

/* `key` means `object` from now on. 0 or -ENOMEM. */
int handles_put(struct handles **handles, uint64_t key, struct object *object, bool flag);

/* `key` means nothing any more. 0 or -ENOMEM. */
int handles_take(struct handles **handles, uint64_t key);

/* Take all keys from `first` to `last` (or, with `flag_only`, set their flag). 0 or -ENOMEM. */
int handles_take_range(struct handles **handles, uint64_t first, uint64_t last, bool flag_only);

/* Keep only what `keep` says. 0 or -ENOMEM. */
int handles_filter(struct handles **handles, bool (*keep)(void *context, const struct map_slot *slot), void *context);

#endif
