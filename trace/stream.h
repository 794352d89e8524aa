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

/* One process's view of a mapped live area. */
struct live_view {
	struct live_control *control;
	uint8_t *slots;	      /* slot 0, LIVE_PAGE after the control page in the file */
	uint32_t slots_count; /* as many as this process has mapped */
	bool no_kernel;	      /* a seccomp filter of the program's own making may kill for a system call */
	bool shared; /* clone() made two threads that share one ring: reservations must be atomic between processors */
};

static inline struct live_slot *stream_slot(const struct live_view *view, uint32_t index)
{
	return (struct live_slot *)(view->slots + index * live_slot_size(view->control->ring_size));
}

static inline uint8_t *stream_ring(struct live_slot *slot)
{
	return (uint8_t *)slot + LIVE_PAGE;
}

/*
 * Takes the most recently returned slot for (pid, tid). Returns NULL when none is to be had: the caller's events are
 * then lost, and counted in the control page by stream_lost_without_slot().
 */
struct live_slot *stream_claim(const struct live_view *view, uint32_t pid, uint32_t tid, uint32_t image);

/* Gives a slot back. What it still holds is drained in the order in which it was written. */
void stream_return(const struct live_view *view, struct live_slot *slot);

void stream_lost_without_slot(const struct live_view *view);

/* Room for one record: `at` is where it starts, NULL when it was lost (and counted) because the ring was full. */
struct stream_room {
	uint64_t position; /* of the record */
	uint64_t first;	   /* of the whole reservation: padding may stand before the record */
	uint8_t *at;
};

/*
 * Reserves `words` 8-byte words. Anything may interrupt and reserve as well; nothing is visible until published.
 * Policy when the ring is full: wait, drop, or overwrite the oldest, as the control page says.
 */
struct stream_room stream_reserve(const struct live_view *view, struct live_slot *slot, uint32_t words);

/*
 * Makes the record at `room` visible: stores its head, of `words` (at most those reserved) and `type`; the rest of the
 * reservation becomes padding. Records are published in order: one that was interrupted holds back those nested in it.
 */
void stream_publish(struct live_slot *slot, const struct stream_room *room, uint32_t reserved_words, uint32_t words,
		    enum record_type type);

/* Whether the collector has died; its memory of us is gone then, and waiting for it would be for ever. */
static inline bool stream_collector_dead(const struct live_view *view)
{
	/* the mutex's futex word is its first 32 bits */
	uint32_t word = (uint32_t)__atomic_load_n(&view->control->collector_mutex[0], __ATOMIC_RELAXED);

	return (word & 0x40000000u /* FUTEX_OWNER_DIED */) ||
	       __atomic_load_n(&view->control->collector_state, __ATOMIC_RELAXED) != COLLECTOR_RUNNING;
}

#endif
