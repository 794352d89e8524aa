// SPDX-License-Identifier: MIT
/*
 * Call stacks: recognised or walked by walk.c, and by libunwind (unwinder.c) where that does not know its way. A stack
 * is written out the first time a thread has it; events refer to it by hash.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "originals.h"
#include "preload/capture.h"
#include "preload/eh_frame.h"
#include "preload/frame.h"
#include "preload/image.h"
#include "preload/unwinder.h"
#include "preload/walk.h"
#include "trace/raw.h"

/* Above the frame that we know as a thread's first lie few of libc's, and then libc's record of the thread. */
#define THREAD_ROOM 2048
#define STACKS_SEEN (sizeof(((struct live_slot *)0)->stacks_seen) / 8)

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

/* Whether this thread has not written this stack out yet; from now on it has. */
static inline bool stack_is_new(struct live_slot *slot, uint64_t hash)
{
	uint64_t *seen = &slot->stacks_seen[hash % STACKS_SEEN];

	if (__builtin_expect(*seen == hash, 1))
		return false;
	*seen = hash;
	return true;
}

/* `depth` frames, or those of a walk. */
static void stack_write(struct live_slot *slot, uint64_t hash, const uint64_t *frames, const struct walk *walk,
			unsigned depth)
{
	uint32_t words = (uint32_t)(sizeof(struct record_stack) / 8 + depth);
	struct stream_room room = stream_reserve(&image.view, slot, words);

	if (!room.at)
		return;
	struct record_stack *record = (struct record_stack *)room.at;
	record->hash = hash;
	record->depth = depth;
	if (walk)
		walk_tell(walk, record->frames);
	else
		bytes_copy(record->frames, frames, depth * sizeof(*frames));
	stream_publish(slot, &room, words, words, RECORD_STACK);
}

static bool frame_is_ours(const void *frame)
{
	return (const char *)frame >= __ehdr_start && (const char *)frame < etext;
}

/*
 * Memory for each slot: what its stacks are known by, and a stack of ours. Handlers' and coroutines' stacks may have
 * little room, and libunwind wants up to 10 KiB: there it runs on that one. The kernel must not meet a signal then: it
 * would not see that the handler's stack is in use, and begin it anew.
 */
#define SCRATCH_SIZE 65536

static uint8_t *scratches[LIVE_SLOTS_MAX];

static unsigned depth_wanted(void)
{
	return live_control.stack_depth < WALK_DEPTH_MAX ? live_control.stack_depth : WALK_DEPTH_MAX;
}

/* As rings: where the program's own mappings do not go. */
#define SCRATCHES_AT 0x688000000000ull

static uint8_t *scratch_map(uint32_t index, unsigned wanted)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	uint64_t size = (SCRATCH_SIZE + walks_size(wanted) + LIVE_PAGE - 1) / LIVE_PAGE * LIVE_PAGE;
	long mapped = raw_syscall(SYS_mmap, SCRATCHES_AT + index * size, size, PROT_READ | PROT_WRITE,
				  flags | MAP_FIXED_NOREPLACE, -1, 0);

	if (mapped < 0 && mapped > -(long)LIVE_PAGE)
		mapped = raw_syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (mapped < 0 && mapped > -(long)LIVE_PAGE)
		return NULL;
	((struct walks *)(uintptr_t)(mapped + SCRATCH_SIZE))->wanted = wanted;
	return (uint8_t *)(uintptr_t)mapped;
}

static uint8_t *scratch_of(const struct live_slot *slot)
{
	uint32_t index = stream_index(&image.view, slot);

	if (index == LIVE_NO_SLOT)
		return NULL;
	if (!scratches[index])
		scratches[index] = scratch_map(index, depth_wanted());
	if (!scratches[index])
		return NULL;
	struct walks *walks = (struct walks *)(scratches[index] + SCRATCH_SIZE);
	if (walks->process != image.pid) { /* new, or what a fork has copied while its thread was at it */
		walks_init(walks, walks->wanted);
		walks->process = image.pid;
		walks->slot = slot;
	}
	return scratches[index];
}

/*
 * What this thread's stacks are known by. After a fork, and where threads share their storage, that is another slot's:
 * one may be used by the thread only that has its slot.
 */
static struct walks *walks_of(const struct live_slot *slot)
{
	struct walks *walks = thread_origin.walks;

	if (__builtin_expect(walks && walks->slot == slot, 1))
		return walks;
	uint8_t *scratch = scratch_of(slot);
	return scratch ? thread_origin.walks = (struct walks *)(scratch + SCRATCH_SIZE) : NULL;
}

static int take_apart(const struct live_slot *slot, void **frames, int size)
{
	uint64_t all = ~0ull, before;
	int taken = 0;

	raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
	uint8_t *scratch = scratch_of(slot);
	if (scratch)
		taken = unwinder_take(slot, frames, size, scratch + SCRATCH_SIZE);
	raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
	return taken;
}

/*
 * The same by libunwind, for stacks that have frames which only it understands: of signal handlers, of code made at run
 * time.
 */
static __attribute__((noinline)) uint64_t stack_unwound(struct live_slot *slot, unsigned wanted)
{
	void *frames[WALK_DEPTH_MAX + WALK_OWN_MAX];
	uint64_t hash = STACK_HASH;
	unsigned skip = 0;
	int saved = errno;

	int taken = frame_is_first((uint64_t)(uintptr_t)frames)
			    ? unwinder_take(slot, frames, (int)(wanted + WALK_OWN_MAX), NULL)
			    : take_apart(slot, frames, (int)(wanted + WALK_OWN_MAX));
	errno = saved;
	while ((int)skip < taken && frame_is_ours(frames[skip]))
		skip++;
	unsigned depth = taken > (int)skip ? (unsigned)taken - skip : 0;
	if (depth > wanted)
		depth = wanted;
	if (depth == 0)
		return 0;
	for (unsigned i = 0; i < depth; i++)
		hash = stack_hash(hash, (uint64_t)(uintptr_t)frames[skip + i]);
	if (stack_is_new(slot, hash)) {
		if (modules_announce(slot))
			frame_forget();
		stack_write(slot, hash, (const uint64_t *)(frames + skip), NULL, depth);
	}
	return hash;
}

/*
 * Whether libraries have been loaded; they are announced then. Without rules that had to be read, none of their code is
 * in a stack: to ask the loader, and to keep signals away from it, took 440 of 694 ns
 * of a call with a new stack of 16 frames.
 */
static bool modules_are_new(struct live_slot *slot)
{
	static uint32_t asked;
	uint32_t news = __atomic_load_n(&frame_news, __ATOMIC_RELAXED);

	return __atomic_exchange_n(&asked, news, __ATOMIC_RELAXED) != news && modules_announce(slot);
}

/* This thread's stack, by its frames' rules; 0 where one of them has none. */
static inline uint64_t stack_walked(struct live_slot *slot, struct walks *walks, const struct walk_order *order)
{
	const struct walk *walk = walk_recognise(walks, order);

	for (int round = 0; walk || (walk = walk_go(walks, order)); round++) {
		if (__builtin_expect(!stack_is_new(slot, walk->hash), 1))
			return walk->hash;
		if (!modules_are_new(slot) || round > 0) {
			stack_write(slot, walk->hash, NULL, walk, walk->depth);
			return walk->hash;
		}
		/* libraries have been loaded, perhaps where others were when the rules were read */
		frame_forget();
		slot->stacks_seen[walk->hash % STACKS_SEEN] = 0;
		walk = NULL;
	}
	return 0;
}

uint64_t stack_take(struct live_slot *slot, uint64_t site)
{
	const uint64_t *frame = __builtin_frame_address(0);
	uint64_t here = (uint64_t)(uintptr_t)frame, hash = 0;

	/* libunwind asks the kernel what can be read; and a handler's call may have interrupted it */
	if (!unwinder_is_there() || image.view.no_kernel || (slot->busy && !frame_was_left(thread_origin.taking, here)))
		return 0;
	thread_origin.taking = here;
	*(volatile uint32_t *)&slot->busy = BUSY_TAKING;
	struct walks *walks = walks_of(slot);
	if (walks) {
		const struct walk_order order = {
			.start = {frame[1], here + 16, frame[0]},
			.site = site,
			.own_from = (uint64_t)(uintptr_t)__ehdr_start,
			.own_size = (uint64_t)(etext - __ehdr_start),
			.limit = frame_is_first(here) ? thread_origin.stack_top + THREAD_ROOM : UINT64_MAX,
		};
		hash = stack_walked(slot, walks, &order);
	}
	if (!hash)
		hash = stack_unwound(slot, depth_wanted());
	*(volatile uint32_t *)&slot->busy = 0;
	return hash;
}
