// SPDX-License-Identifier: MIT
/*
 * The ring of a POSIX trace stream: a slot of a live area, into which several threads and processes write.
 *
 * What stands in it, and how a record says that it is whole, is as in trace/stream.h. It differs in that room is
 * reserved by a locked exchange, that each record is published by its own stamp (so that none waits for one that was
 * interrupted), that whoever takes or overwrites the oldest record moves the tail by an exchange as well, and that the
 * ring is mapped twice, one behind the other: a record never goes round, and a stream of N bytes holds N bytes of
 * events.
 *
 * For any context, signal handlers included. It must not call libc, wait, or know a policy.
 */
#ifndef IPCTRACE_POSIX_RING_H
#define IPCTRACE_POSIX_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "posix/record.h"
#include "trace/stream.h"

struct posix_ring {
	struct live_slot *slot; /* its page, then the ring, then the ring again */
	uint32_t size;		/* a power of two */
};

enum {
	RING_E_EMPTY = 1, /* nothing there */
	RING_E_BUSY,	  /* a record that is being written, or was overwritten meanwhile */
};

/* Room for `words`, when no more than `limit` bytes are taken then; else `at` is NULL. */
struct stream_room posix_ring_reserve(const struct posix_ring *ring, uint32_t words, uint64_t limit);

static inline uint64_t posix_ring_tail(const struct posix_ring *ring)
{
	return __atomic_load_n(&ring->slot->tail, __ATOMIC_ACQUIRE);
}

static inline uint64_t posix_ring_reserved(const struct posix_ring *ring)
{
	return __atomic_load_n(&ring->slot->reserved, __ATOMIC_ACQUIRE);
}

static inline const uint8_t *posix_ring_at(const struct posix_ring *ring, uint64_t position)
{
	return stream_ring(ring->slot) + (position & (ring->size - 1));
}

/*
 * Copies the record at `position` without its data. 0, RING_E_EMPTY or RING_E_BUSY. It may be overwritten meanwhile,
 * and what is copied from it counts only when the tail has not passed `position` afterwards.
 */
int posix_ring_look(const struct posix_ring *ring, uint64_t position, struct posix_record *record);

/* The tail goes from `position` on to `next`. False when it was moved by somebody else before. */
bool posix_ring_release(const struct posix_ring *ring, uint64_t position, uint64_t next);

/*
 * Passes over records that began at the tail and never became whole, up to the next whole one. Their writer was killed
 * or jumped out of, or is very slow: only to be used after a long wait.
 */
void posix_ring_skip(const struct posix_ring *ring);

#endif
