// SPDX-License-Identifier: MIT
/*
 * The writing side of a stream: claiming a slot of the live area, reserving room in its ring, publishing records.
 *
 * Runs inside the traced program, in any context: signal handlers, vfork children, threads being cancelled. It only
 * writes memory; the kernel is entered in two places, both off the common path: waiting for room, and waking a sleeping
 * collector, and neither when the program has put itself under a seccomp filter. It must not call libc, allocate, lock
 * or change errno.
 */
#ifndef IPCTRACE_TRACE_STREAM_H
#define IPCTRACE_TRACE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "format/live.h"

/*
 * Slots are mapped a few at a time, when one of them is claimed: what is mapped counts against the program's limits on
 * addresses and locked memory, and mlockall() fills it. Each such chunk is followed by the first page of the next one,
 * from which that can be mapped without a descriptor or a path.
 */
#define CHUNK_SLOTS 4u
#define CHUNKS_MAX  (LIVE_SLOTS_MAX / CHUNK_SLOTS)

struct live_chunks {
	uint8_t *at[CHUNKS_MAX]; /* NULL: not mapped; the first always is */
};

static inline uint64_t chunk_size(uint32_t ring_size)
{
	return CHUNK_SLOTS * live_slot_size(ring_size);
}

/* One process's view of a mapped live area. */
struct live_view {
	/* how many slots were ready when waiting for one was in vain; it is not waited again until there are more */
	uint32_t hopeless_ready;
	bool no_kernel; /* a seccomp filter of the program's own making may kill for a system call */
	struct live_control *control;
	uint8_t *slots;		    /* slot 0, LIVE_PAGE after the control page in the file */
	struct live_chunks *chunks; /* NULL: all are mapped at `slots` */
	uint32_t slots_count;
	uint32_t ring_size; /* of control->ring_size, which others could change */
};

static inline uint8_t *stream_ring(struct live_slot *slot)
{
	return (uint8_t *)slot + LIVE_PAGE;
}

/*
 * Takes the most recently returned slot for (pid, tid). Returns NULL when none is to be had: the caller's events are
 * then lost, and counted in the control page by stream_lost_without_slot().
 */
struct live_slot *stream_claim(struct live_view *view, uint32_t pid, uint32_t tid, uint32_t image);

/* The thread for which a slot was claimed before it began has this number. */
void stream_name(struct live_slot *slot, uint32_t tid);

/* Gives a slot back. What it still holds is drained in the order in which it was written. */
void stream_return(const struct live_view *view, struct live_slot *slot);

/* The number of a slot that is mapped here. */
uint32_t stream_index(const struct live_view *view, const struct live_slot *slot);

/* Maps the first `count` slots, for when mapping will not be possible any more. */
void stream_map_ahead(const struct live_view *view, uint32_t count);

void stream_lost_without_slot(const struct live_view *view);

/* Room for one record: `at` is where it starts, NULL when it was lost (and counted) because the ring was full. */
struct stream_room {
	uint64_t position; /* of the record */
	uint64_t first;	   /* of the whole reservation: padding may stand before the record */
	uint8_t *at;
	uint32_t ring_size;
};

/* Atomic against the signal handlers of this thread, which is all that can interfere. */
static inline bool word_exchange(uint64_t *word, uint64_t expected, uint64_t desired)
{
#ifdef __x86_64__
	bool done;

	__asm__ volatile("cmpxchgq %3, %1" : "=@cce"(done), "+m"(*word), "+a"(expected) : "r"(desired) : "memory");
	return done;
#else
	return __atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
#endif
}

/* Counts one more; a handler that counts as well in between is not forgotten. */
static inline void word_count(uint64_t *word)
{
#ifdef __x86_64__
	__asm__ volatile("incq %0" : "+m"(*word) : : "cc");
#else
	__atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
#endif
}

static inline void head_store(struct live_slot *slot, uint64_t mask, uint64_t position, uint32_t words, uint32_t type)
{
	union {
		struct record_head head;
		uint64_t word;
	} u = {{record_stamp(position), words, type}};

	__atomic_store_n((uint64_t *)(stream_ring(slot) + (position & mask)), u.word, __ATOMIC_RELEASE);
}

/* Takes back word_count(). */
static inline void word_uncount(uint64_t *word)
{
#ifdef __x86_64__
	__asm__ volatile("decq %0" : "+m"(*word) : : "cc");
#else
	__atomic_fetch_sub(word, 1, __ATOMIC_RELAXED);
#endif
}

/*
 * Room where it is to be had at once: the ring has some, it does not go round, no handler takes some at the same
 * moment. Elsewhere `at` is NULL.
 */
static inline struct stream_room stream_room_quick(uint32_t ring_size, struct live_slot *slot, uint32_t words)
{
	uint64_t ring = ring_size, reserved = *(volatile uint64_t *)&slot->reserved;
	uint64_t offset = reserved & (ring - 1), size = words * 8ull;
	struct stream_room room = {.ring_size = ring_size, .first = reserved, .position = reserved};

	if (__builtin_expect(offset + size <= ring && reserved + size <= slot->limit, 1) &&
	    __builtin_expect(word_exchange(&slot->reserved, reserved, reserved + size), 1))
		room.at = stream_ring(slot) + offset;
	return room;
}

/* Room wherever it is: goes round, waits for some, as the full policy has it. */
struct stream_room stream_room_find(const struct live_view *view, struct live_slot *slot, uint32_t words);

/*
 * stream_reserve() for what is no event: neither made nor lost is counted. Who gets room counts it as made.
 *
 * Reserves `words` 8-byte words. Anything may interrupt and reserve as well; nothing is visible until published.
 * Policy when the ring is full: wait, drop, or overwrite the oldest, as the control page says.
 */
static inline struct stream_room stream_room_take(const struct live_view *view, struct live_slot *slot, uint32_t words)
{
	struct stream_room room = stream_room_quick(view->ring_size, slot, words);

	return __builtin_expect(room.at != NULL, 1) ? room : stream_room_find(view, slot, words);
}

/* Room for an event of `words`; one that finds none is counted as lost. */
static inline struct stream_room stream_reserve(const struct live_view *view, struct live_slot *slot, uint32_t words)
{
	word_count(&slot->made);
	struct stream_room room = stream_room_take(view, slot, words);
	if (__builtin_expect(!room.at, 0))
		word_count(&slot->lost);
	return room;
}

/*
 * Gives back what a record of `words` did not need of its reservation, unless a handler has reserved behind it since or
 * published it half written. Returns how many words are reserved now. A name may be 4 KiB long and is mostly short: a
 * ring of 512 KiB would hold 128 calls that were given one.
 */
static inline uint32_t stream_shrink(struct live_slot *slot, const struct stream_room *room, uint32_t reserved_words,
				     uint32_t words)
{
	uint64_t end = room->position + reserved_words * 8ull;

	if (words == reserved_words || *(volatile uint64_t *)&slot->head > room->position ||
	    !word_exchange(&slot->reserved, end, room->position + words * 8ull))
		return reserved_words;
	return words;
}

/*
 * Makes the record at `room` whole: stores its head, of `words` (at most those reserved) and `type`; the rest of the
 * reservation becomes padding. It is not visible yet, but found when the slot's owner is gone.
 */
static inline void stream_complete(const struct stream_room *room, uint32_t reserved_words, uint32_t words,
				   enum record_type type)
{
	uint8_t *start = room->at;
	union {
		struct record_head head;
		uint64_t word;
	} u;

	if (words < reserved_words) {
		u.head = (struct record_head){record_stamp(room->position + words * 8), reserved_words - words,
					      RECORD_PAD};
		__atomic_store_n((uint64_t *)(start + words * 8), u.word, __ATOMIC_RELAXED);
	}
	u.head = (struct record_head){record_stamp(room->position), words, type};
	__atomic_store_n((uint64_t *)start, u.word, __ATOMIC_RELEASE);
}

/* Makes everything visible that was reserved. */
static inline void stream_publish_all(struct live_slot *slot)
{
	uint64_t head;

	do {
		head = *(volatile uint64_t *)&slot->reserved;
		__atomic_store_n(&slot->head, head, __ATOMIC_RELEASE);
	} while (__builtin_expect(*(volatile uint64_t *)&slot->reserved != head, 0));
}

/*
 * Makes the record at `room`, which is whole, visible. Records are published in order: one that was interrupted holds
 * back those nested in it. When they fill a quarter of the ring, the handler that wrote them is not expected to come
 * back, and they are published without it. No record is larger than three eighths, with padding twice that, so that
 * there is room for the next one.
 */
static inline void stream_show(struct live_slot *slot, const struct stream_room *room)
{
	uint64_t head = *(volatile uint64_t *)&slot->head;
	if (__builtin_expect(room->first != head, 0) && slot->reserved - head < room->ring_size / 4)
		return; /* nested in an unfinished reservation, which publishes us */
	stream_publish_all(slot);
}

/* Makes the record at `room` whole and visible. */
static inline void stream_publish(struct live_slot *slot, const struct stream_room *room, uint32_t reserved_words,
				  uint32_t words, enum record_type type)
{
	stream_complete(room, stream_shrink(slot, room, reserved_words, words), words, type);
	stream_show(slot, room);
}

/* Whether the collector has died; its memory of us is gone then, and waiting for it would be for ever. */
static inline bool stream_collector_dead(const struct live_view *view)
{
	/* the mutex's futex word is its first 32 bits */
	uint32_t word = (uint32_t)__atomic_load_n(&view->control->collector_mutex[0], __ATOMIC_RELAXED);

	return (word & 0x40000000u /* FUTEX_OWNER_DIED */) ||
	       __atomic_load_n(&view->control->collector_state, __ATOMIC_RELAXED) != COLLECTOR_RUNNING;
}

#endif
