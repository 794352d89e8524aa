// SPDX-License-Identifier: MIT
/*
 * Call stacks, by libunwind, loaded only when they are wanted: linked in, its own `backtrace` would replace the
 * program's. A stack is written out the first time a thread has it; events refer to it by hash.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "preload/capture.h"
#include "preload/image.h"
#include "trace/raw.h"

#define DEPTH_MAX   64
#define OWN_FRAMES  6
#define STACKS_SEEN (sizeof(((struct live_slot *)0)->stacks_seen) / 8)

static int (*backtrace_take)(void **frames, int size);
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

void stack_prepare(void)
{
	void *frames[4];

	if (!live_control.stack_depth)
		return;
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	if (library)
		*(void **)&backtrace_take = dlsym(library, "unw_backtrace");
	if (backtrace_take)
		backtrace_take(frames, 4); /* its caches are filled here, not in the first call of the program */
}

static void stack_write(struct live_slot *slot, uint64_t hash, void **frames, unsigned depth)
{
	uint32_t words = (uint32_t)(sizeof(struct record_stack) / 8 + depth);
	struct stream_room room = stream_reserve(&image.view, slot, words);

	if (!room.at)
		return;
	struct record_stack *record = (struct record_stack *)room.at;
	record->hash = hash;
	record->depth = depth;
	for (unsigned i = 0; i < depth; i++)
		record->frames[i] = (uint64_t)(uintptr_t)frames[i];
	stream_publish(slot, &room, words, words, RECORD_STACK);
}

static bool frame_is_ours(const void *frame)
{
	return (const char *)frame >= __ehdr_start && (const char *)frame < etext;
}

uint64_t stack_take(struct live_slot *slot)
{
	void *frames[DEPTH_MAX + OWN_FRAMES];
	unsigned wanted = live_control.stack_depth < DEPTH_MAX ? live_control.stack_depth : DEPTH_MAX, skip = 0;
	uint64_t hash = 0xcbf29ce484222325ull;
	int saved = errno;

	if (!backtrace_take || slot->busy)
		return 0;
	slot->busy = 1;
	int taken = backtrace_take(frames, (int)(wanted + OWN_FRAMES));
	slot->busy = 0;
	errno = saved;
	while ((int)skip < taken && frame_is_ours(frames[skip]))
		skip++;
	unsigned depth = taken > (int)skip ? (unsigned)taken - skip : 0;
	if (depth > wanted)
		depth = wanted;
	if (depth == 0)
		return 0;
	for (unsigned i = 0; i < depth; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)frames[skip + i]) * 0x9e3779b97f4a7c15ull, hash ^= hash >> 29;
	if (slot->stacks_seen[hash % STACKS_SEEN] != hash) {
		slot->stacks_seen[hash % STACKS_SEEN] = hash;
		stack_write(slot, hash, frames + skip, depth);
	}
	return hash;
}
