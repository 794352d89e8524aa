// SPDX-License-Identifier: MIT
/*
 * See stream.h. The ring is written by one thread and by the signal handlers that interrupt it, never by two threads at
 * once; hence plain (not `lock`ed) read-modify-write instructions suffice, which are atomic against signals.
 */
#include <linux/futex.h>
#include <sys/mman.h>
#include <time.h>

#include "trace/raw.h"
#include "trace/stream.h"

/* Spins for room this often before it asks the kernel to wait: about 20 us, the time a busy collector needs. */
#define ROOM_SPINS 512
/* How long one futex wait lasts; a collector that died in between is noticed this late. */
#define ROOM_WAIT_NS 10000000
/* How long a claim waits for the collector to make more slots ready. */
#define CLAIM_WAITS 50

static void collector_wake(const struct live_view *view)
{
	struct live_control *control = view->control;

	if (view->no_kernel || !__atomic_load_n(&control->collector_asleep, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&control->collector_asleep, 0, __ATOMIC_RELEASE);
	raw_syscall(SYS_futex, &control->collector_asleep, FUTEX_WAKE, 1);
}

static void collector_wait(const struct live_view *view)
{
	struct live_control *control = view->control;
	uint32_t drained = __atomic_load_n(&control->drained, __ATOMIC_ACQUIRE);
	struct timespec limit = {0, ROOM_WAIT_NS};

	collector_wake(view);
	if (!view->no_kernel)
		raw_syscall(SYS_futex, &control->drained, FUTEX_WAIT, drained, &limit);
}

/* Maps a chunk from the page that follows the nearest mapped one before it; what lies between is unmapped again. */
static uint8_t *chunk_map(const struct live_view *view, uint32_t chunk)
{
	uint8_t **at = view->chunks->at, *none = NULL;
	uint64_t size = chunk_size(view->ring_size);
	uint32_t near = chunk - 1;

	if (view->no_kernel)
		return NULL;
	while (!__atomic_load_n(&at[near], __ATOMIC_ACQUIRE))
		near--;
	uint64_t between = (chunk - 1 - near) * size;
	long mapped = raw_syscall(SYS_mremap, at[near] + size, 0, between + size + LIVE_PAGE, MREMAP_MAYMOVE);
	if (mapped < 0 && mapped > -(long)LIVE_PAGE)
		return NULL;
	if (between)
		raw_syscall(SYS_munmap, mapped, between);
	uint8_t *mine = (uint8_t *)mapped + between;
	if (__atomic_compare_exchange_n(&at[chunk], &none, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return mine;
	raw_syscall(SYS_munmap, mine, size + LIVE_PAGE);
	return none;
}

/* NULL when it cannot be mapped. */
static struct live_slot *slot_map(const struct live_view *view, uint32_t index)
{
	if (!view->chunks)
		return (struct live_slot *)(view->slots + index * live_slot_size(view->ring_size));
	uint8_t *chunk = __atomic_load_n(&view->chunks->at[index / CHUNK_SLOTS], __ATOMIC_ACQUIRE);
	if (!chunk)
		chunk = chunk_map(view, index / CHUNK_SLOTS);
	return chunk ? (struct live_slot *)(chunk + index % CHUNK_SLOTS * live_slot_size(view->ring_size)) : NULL;
}

void stream_map_ahead(const struct live_view *view, uint32_t count)
{
	for (uint32_t index = 0; index < count && index < view->slots_count; index += CHUNK_SLOTS)
		slot_map(view, index);
}

uint32_t stream_index(const struct live_view *view, const struct live_slot *slot)
{
	uint64_t size = chunk_size(view->ring_size), one = live_slot_size(view->ring_size);
	const uint8_t *at = (const uint8_t *)slot;

	if (!view->chunks)
		return (uint32_t)((uint64_t)(at - view->slots) / one);
	for (uint32_t chunk = 0; chunk < CHUNKS_MAX; chunk++) {
		const uint8_t *start = view->chunks->at[chunk];
		if (start && at >= start && at < start + size)
			return chunk * CHUNK_SLOTS + (uint32_t)((uint64_t)(at - start) / one);
	}
	return LIVE_NO_SLOT;
}

/*
 * Pops the free list; the tag in the upper half makes a slot that came back in between a different value. *index is set
 * when there is one.
 */
static struct live_slot *free_pop(const struct live_view *view, uint32_t *index)
{
	struct live_control *control = view->control;
	uint64_t head = __atomic_load_n(&control->free_head, __ATOMIC_ACQUIRE);

	for (;;) {
		*index = (uint32_t)head;
		if (*index >= view->slots_count)
			return NULL;
		struct live_slot *slot = slot_map(view, *index);
		if (!slot)
			return NULL;
		uint64_t next = ((head >> 32) + 1) << 32 | __atomic_load_n(&slot->next, __ATOMIC_RELAXED);
		if (__atomic_compare_exchange_n(&control->free_head, &head, next, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return slot;
	}
}

struct live_slot *stream_claim(struct live_view *view, uint32_t pid, uint32_t tid, uint32_t image)
{
	struct live_control *control = view->control;
	uint32_t index;
	struct live_slot *slot = free_pop(view, &index);

	uint32_t ready = __atomic_load_n(&control->slots_ready, __ATOMIC_RELAXED);

	for (int waits = 0; !slot && waits < CLAIM_WAITS && ready != view->hopeless_ready && !view->no_kernel &&
			    !stream_collector_dead(view);
	     waits++) {
		collector_wait(view);
		slot = free_pop(view, &index);
	}
	view->hopeless_ready = slot ? 0 : ready;
	if (!slot)
		return NULL;
	uint32_t used = __atomic_load_n(&control->slots_used, __ATOMIC_RELAXED);
	uint32_t mine = index + 1;
	while (used < mine && !__atomic_compare_exchange_n(&control->slots_used, &used, mine, false, __ATOMIC_RELEASE,
							   __ATOMIC_RELAXED))
		;
	slot->pid = pid;
	slot->tid = tid;
	slot->image = image;
	slot->creator = slot->ordinal = slot->created = 0;
	slot->vfork_child = 0;
	slot->vfork_enter = 0;
	slot->in_flight_depth = 0;
	bytes_zero(slot->stacks_seen, sizeof(slot->stacks_seen));
	__atomic_store_n(&slot->state, SLOT_CLAIMED, __ATOMIC_RELEASE);
	return slot;
}

void stream_return(const struct live_view *view, struct live_slot *slot)
{
	struct live_control *control = view->control;
	uint32_t index = stream_index(view, slot);
	uint64_t head = __atomic_load_n(&control->free_head, __ATOMIC_RELAXED);
	uint64_t next;

	__atomic_store_n(&slot->state, SLOT_FREE, __ATOMIC_RELEASE);
	do {
		__atomic_store_n(&slot->next, (uint32_t)head, __ATOMIC_RELAXED);
		next = ((head >> 32) + 1) << 32 | index;
	} while (!__atomic_compare_exchange_n(&control->free_head, &head, next, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
}

void stream_lost_without_slot(const struct live_view *view)
{
	__atomic_fetch_add(&view->control->lost_without_slot, 1, __ATOMIC_RELAXED);
}

/*
 * The writer passed the limit it knew: look where the reader is. True when `size` bytes fit now. The limit is set to
 * half a ring first, so that a sleeping collector is woken before the ring is full.
 */
static bool room_look(const struct live_view *view, struct live_slot *slot, uint32_t size)
{
	uint64_t ring = view->ring_size;
	uint64_t tail = __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);
	uint64_t end = slot->reserved + size;

	if (end - tail > ring)
		return false;
	if (end - tail > ring / 2) {
		collector_wake(view);
		slot->limit = tail + ring;
	} else {
		slot->limit = tail + ring / 2;
	}
	return true;
}

bool stream_room_make(const struct live_view *view, struct live_slot *slot, uint32_t size)
{
	uint32_t policy = view->control->full_policy;

	if (policy == FULL_OVERWRITE) {
		slot->limit = UINT64_MAX;
		return true;
	}
	for (int spins = 0; !room_look(view, slot, size); spins++) {
		if (policy == FULL_DROP || stream_collector_dead(view))
			return false;
		if (spins < ROOM_SPINS || view->no_kernel)
			__builtin_ia32_pause();
		else
			collector_wait(view);
		if (spins == 0)
			collector_wake(view);
	}
	return true;
}
