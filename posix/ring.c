// SPDX-License-Identifier: MIT
/*
 * See ring.h.
 */
#include "posix/ring.h"

struct stream_room posix_ring_reserve(const struct posix_ring *ring, uint32_t words, uint64_t limit)
{
	struct live_slot *slot = ring->slot;
	struct stream_room room = {.ring_size = ring->size};
	uint64_t size = words * 8ull, reserved = __atomic_load_n(&slot->reserved, __ATOMIC_RELAXED);

	do {
		/* a tail younger than `reserved` may be above it: the exchange fails then */
		int64_t held = (int64_t)(reserved + size - posix_ring_tail(ring));
		if (held > (int64_t)limit)
			return room;
	} while (!__atomic_compare_exchange_n(&slot->reserved, &reserved, reserved + size, true, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	room.first = room.position = reserved;
	room.at = stream_ring(slot) + (reserved & (ring->size - 1));
	return room;
}

int posix_ring_look(const struct posix_ring *ring, uint64_t position, struct posix_record *record)
{
	union {
		uint64_t word;
		struct record_head head;
	} u;

	if (position == posix_ring_reserved(ring))
		return RING_E_EMPTY;
	u.word = __atomic_load_n((const uint64_t *)posix_ring_at(ring, position), __ATOMIC_ACQUIRE);
	if (u.head.stamp != record_stamp(position))
		return RING_E_BUSY;
	__builtin_memcpy(record, posix_ring_at(ring, position), sizeof(*record));
	record->head = u.head;
	if (record->size > SYSTEM_DATA_MAX + ring->size || posix_record_words(record->size) != record->head.words)
		return RING_E_BUSY;
	return 0;
}

bool posix_ring_release(const struct posix_ring *ring, uint64_t position, uint64_t next)
{
	return __atomic_compare_exchange_n(&ring->slot->tail, &position, next, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

void posix_ring_skip(const struct posix_ring *ring)
{
	uint64_t tail = posix_ring_tail(ring), end = posix_ring_reserved(ring), next = tail;
	struct posix_record record;

	while (next < end && posix_ring_look(ring, next, &record))
		next += 8;
	if (next != tail)
		posix_ring_release(ring, tail, next);
}
