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
/*
 * Before it sleeps, a claim leaves the processor to the collector so often: a new process that sleeps can be seen to,
 * and its parent may take that for the sleep that it is waiting for.
 */
#define CLAIM_YIELDS 2000
/* How long a claim then waits for the collector to make more slots ready, where calls may be lost. */
#define CLAIM_WAITS 50

/* One that dozes is left alone unless it is `urgent`. */
static void collector_wake(const struct live_view *view, bool urgent)
{
	struct live_control *control = view->control;
	uint32_t sleep = __atomic_load_n(&control->collector_sleep, __ATOMIC_RELAXED);

	if (view->no_kernel || sleep == COLLECTOR_AWAKE || (sleep == COLLECTOR_DOZES && !urgent))
		return;
	__atomic_store_n(&control->collector_sleep, COLLECTOR_AWAKE, __ATOMIC_RELEASE);
	raw_syscall(SYS_futex, &control->collector_sleep, FUTEX_WAKE, 1);
}

static void collector_yield(const struct live_view *view)
{
	collector_wake(view, true);
	raw_syscall(SYS_sched_yield);
}

static uint32_t passes_made(const struct live_view *view)
{
	return __atomic_load_n(&view->control->drained, __ATOMIC_ACQUIRE);
}

/*
 * Waits for the collector's next pass after the first `passes`, which must have been counted before it was looked
 * whether it is needed: where the pass comes in between it would be waited for the one after, which may be far.
 */
static void collector_wait(const struct live_view *view, uint32_t passes)
{
	struct live_control *control = view->control;
	struct timespec limit = {0, ROOM_WAIT_NS};

	collector_wake(view, true);
	if (!view->no_kernel)
		raw_syscall(SYS_futex, &control->drained, FUTEX_WAIT, passes, &limit);
}

/*
 * Chunks are mapped while the program runs. Where the kernel would put them is where the program's next mapping goes,
 * perhaps into a hole that it has just made for a stack to grow into; so they are put where it puts nothing: between
 * the heaps of position-independent programs and the libraries, and above AddressSanitizer's own heap. With a page
 * between two, so that the one that goes behind each fits.
 */
#define CHUNKS_AT 0x680000000000ull

/* Reserves `size` bytes for a chunk that stands `between` bytes into them; 0 when that cannot be had there. */
static uint64_t chunk_place(uint32_t chunk, uint64_t chunk_bytes, uint64_t between, uint64_t size)
{
	uint64_t wanted = CHUNKS_AT + chunk * (chunk_bytes + 2 * LIVE_PAGE) - between;
	long place = raw_syscall(SYS_mmap, wanted, size, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (place == (long)wanted)
		return wanted;
	if (place > 0) /* a kernel that takes it for a hint */
		raw_syscall(SYS_munmap, place, size);
	return 0;
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
	uint64_t between = (chunk - 1 - near) * size, all = between + size + LIVE_PAGE;
	uint64_t place = chunk_place(chunk, size, between, all);
	long mapped =
		raw_syscall(SYS_mremap, at[near] + size, 0, all, MREMAP_MAYMOVE | (place ? MREMAP_FIXED : 0), place);
	if (mapped < 0 && mapped > -(long)LIVE_PAGE) {
		if (place)
			raw_syscall(SYS_munmap, place, all);
		return NULL;
	}
	if (between)
		raw_syscall(SYS_munmap, mapped, between);
	uint8_t *mine = (uint8_t *)mapped + between;
	if (__atomic_compare_exchange_n(&at[chunk], &none, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return mine;
	raw_syscall(SYS_munmap, mine, size + LIVE_PAGE);
	return none;
}

/* NULL when it is not mapped, and cannot be or, unless `maps`, shall not be. */
static struct live_slot *slot_map(const struct live_view *view, uint32_t index, bool maps)
{
	if (!view->chunks)
		return (struct live_slot *)(view->slots + index * live_slot_size(view->ring_size));
	uint8_t *chunk = __atomic_load_n(&view->chunks->at[index / CHUNK_SLOTS], __ATOMIC_ACQUIRE);
	if (!chunk && maps)
		chunk = chunk_map(view, index / CHUNK_SLOTS);
	return chunk ? (struct live_slot *)(chunk + index % CHUNK_SLOTS * live_slot_size(view->ring_size)) : NULL;
}

void stream_map_ahead(const struct live_view *view, uint32_t count)
{
	for (uint32_t index = 0; index < count && index < view->slots_count; index += CHUNK_SLOTS)
		slot_map(view, index, true);
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

static void used_raise(struct live_control *control, uint32_t used)
{
	uint32_t known = __atomic_load_n(&control->slots_used, __ATOMIC_RELAXED);

	while (known < used && !__atomic_compare_exchange_n(&control->slots_used, &known, used, false, __ATOMIC_RELEASE,
							    __ATOMIC_RELAXED))
		;
}

/*
 * Whether the slot is ours now. From the exchange on its owner is known, and when that is killed the collector takes
 * the slot back, whatever has or has not been done for it besides; what is off the list and nobody's it lists again.
 */
static bool slot_take(struct live_control *control, struct live_slot *slot, uint32_t index, uint64_t owner)
{
	uint64_t nobody = 0;
	bool is_ours;

	/* before it is claimed: the collector looks no further than to the highest slot used */
	used_raise(control, index + 1);
	is_ours = __atomic_compare_exchange_n(&slot->owner, &nobody, owner, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	live_slot_unlist(control, index);
	if (!is_ours && !live_slot_owner(slot))
		live_slot_list(control, index); /* it was given back in between */
	return is_ours;
}

/* The slot that was given back last if it is to be had, else the lowest; once mapping has failed, of those mapped. */
static struct live_slot *slot_find(const struct live_view *view, uint64_t owner)
{
	struct live_control *control = view->control;
	uint64_t first = __atomic_load_n(&control->slot_returned, __ATOMIC_RELAXED);
	bool maps = true;

	if (first < view->slots_count && live_slot_is_listed(control, (uint32_t)first)) {
		struct live_slot *slot = slot_map(view, (uint32_t)first, false);
		if (slot && slot_take(control, slot, (uint32_t)first, owner))
			return slot;
	}
	for (uint32_t word = 0; word * 64 < view->slots_count; word++) {
		uint64_t bits = __atomic_load_n(&control->slots_free[word], __ATOMIC_ACQUIRE);
		for (; bits; bits &= bits - 1) {
			uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(bits);
			if (index >= view->slots_count)
				return NULL;
			struct live_slot *slot = slot_map(view, index, maps);
			maps &= slot != NULL;
			if (slot && slot_take(control, slot, index, owner))
				return slot;
		}
	}
	return NULL;
}

static void slot_begin(struct live_slot *slot, uint32_t pid, uint32_t tid, uint32_t image)
{
	slot->pid = pid;
	slot->tid = tid;
	slot->creator = slot->ordinal = slot->created = 0;
	slot->vfork_child = 0;
	slot->vfork_enter = 0;
	slot->in_flight_depth = 0;
	bytes_zero(slot->stacks_seen, sizeof(slot->stacks_seen));
	__atomic_store_n(&slot->image, image ? image : 1, __ATOMIC_RELEASE);
}

/*
 * Whether to wait on. On a busy machine the collector may take seconds to make more slots, and a process that gave up
 * would go on unrecorded, and faster than those that wait for room: most of what it does would be lost.
 */
static bool claim_is_worth(const struct live_view *view, uint32_t ready, int waits)
{
	const struct live_control *control = view->control;
	bool comes = control->full_policy == FULL_WAIT && !__atomic_load_n(&control->slots_denied, __ATOMIC_RELAXED);

	return (comes || (waits < CLAIM_YIELDS + CLAIM_WAITS && ready != view->hopeless_ready)) && !view->no_kernel &&
	       !stream_collector_dead(view);
}

struct live_slot *stream_claim(struct live_view *view, uint32_t pid, uint32_t tid, uint32_t image)
{
	uint32_t ready = __atomic_load_n(&view->control->slots_ready, __ATOMIC_RELAXED);
	uint32_t passes = passes_made(view);
	struct live_slot *slot = slot_find(view, live_owner(pid, tid));

	for (int waits = 0; !slot && claim_is_worth(view, ready, waits); waits++) {
		if (waits < CLAIM_YIELDS)
			collector_yield(view);
		else
			collector_wait(view, passes);
		passes = passes_made(view);
		slot = slot_find(view, live_owner(pid, tid));
	}
	view->hopeless_ready = slot ? 0 : ready;
	if (!slot)
		return NULL;
	slot_begin(slot, pid, tid, image);
	/* few are left: so that a burst of forks does not wait, which a program could see in /proc */
	if (stream_index(view, slot) >= ready - ready / 4)
		collector_wake(view, true);
	return slot;
}

void stream_name(struct live_slot *slot, uint32_t tid)
{
	slot->tid = tid;
	__atomic_store_n(&slot->owner, live_owner((uint32_t)slot->owner, tid), __ATOMIC_RELEASE);
}

void stream_return(const struct live_view *view, struct live_slot *slot)
{
	uint32_t index = stream_index(view, slot);

	slot->in_flight_depth = 0;
	slot->image = 0;
	__atomic_store_n(&slot->owner, 0, __ATOMIC_RELEASE);
	live_slot_list(view->control, index);
	__atomic_store_n(&view->control->slot_returned, index, __ATOMIC_RELAXED);
}

void stream_lost_without_slot(const struct live_view *view)
{
	__atomic_fetch_add(&view->control->lost_without_slot, 1, __ATOMIC_RELAXED);
}

/*
 * The writer passed the limit it knew: look where the reader is. True when `size` bytes fit now. The limit is set to
 * half a ring first, so that a sleeping collector is woken before the ring is full; and then to seven eighths, where
 * one that dozes is late.
 */
static bool room_look(const struct live_view *view, struct live_slot *slot, uint32_t size)
{
	uint64_t ring = view->ring_size, half = ring / 2, late = ring - ring / 8;
	uint64_t tail = __atomic_load_n(&slot->tail, __ATOMIC_ACQUIRE);
	uint64_t held = slot->reserved + size - tail;

	if (held > ring)
		return false;
	slot->limit = tail + (held <= half ? half : held <= late ? late : ring);
	if (held > half)
		collector_wake(view, held > late);
	return true;
}

/* Makes room for `size` bytes by the full policy. False: the record is lost. */
static bool room_make(const struct live_view *view, struct live_slot *slot, uint32_t size)
{
	uint32_t policy = view->control->full_policy, passes = passes_made(view);

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
			collector_wait(view, passes);
		if (spins == 0)
			collector_wake(view, true);
		passes = passes_made(view);
	}
	return true;
}

struct stream_room stream_room_find(const struct live_view *view, struct live_slot *slot, uint32_t words)
{
	uint64_t ring = view->ring_size;
	struct stream_room room = {.ring_size = view->ring_size};

	for (;;) {
		uint64_t reserved = *(volatile uint64_t *)&slot->reserved;
		uint64_t offset = reserved & (ring - 1);
		uint64_t pad = offset + words * 8 > ring ? ring - offset : 0;
		uint32_t size = (uint32_t)(pad + words * 8);

		if (reserved + size > slot->limit) {
			if (words * 8 > ring / 8 * 3 || !room_make(view, slot, size))
				return room;
			continue;
		}
		if (!word_exchange(&slot->reserved, reserved, reserved + size))
			continue;
		if (pad)
			head_store(slot, ring - 1, reserved, (uint32_t)(pad / 8), RECORD_PAD);
		room.first = reserved;
		room.position = reserved + pad;
		room.at = stream_ring(slot) + (room.position & (ring - 1));
		return room;
	}
}
