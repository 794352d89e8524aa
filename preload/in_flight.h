// SPDX-License-Identifier: MIT
/*
 * A thread's calls in flight, in the live area: what a kill or a hang leaves behind, and by what it is known that a
 * call was jumped out of. Only the thread and its signal handlers write here.
 */
#ifndef IPCTRACE_PRELOAD_IN_FLIGHT_H
#define IPCTRACE_PRELOAD_IN_FLIGHT_H

#include "preload/capture.h"

/*
 * The call has returned, and is going to be recorded. It stays in flight until its record is whole, so that a kill in
 * between shows it as unfinished; but when its thread is found somewhere else it is not recorded once more.
 */
static inline void in_flight_mark(struct live_slot *slot, const struct capture *capture, uint32_t index)
{
	*(volatile uint32_t *)&slot->in_flight[index].type = LIVE_RETURNED | capture->type;
}

static inline void in_flight_drop(struct live_slot *slot, uint32_t index)
{
	*(volatile uint32_t *)&slot->in_flight_depth = index;
	*(volatile uint32_t *)&slot->in_flight[index].type = 0;
}

/*
 * `index` is below LIVE_IN_FLIGHT_MAX. The entry is taken first, so that no handler uses it while it is being filled;
 * its type, which is 0 until then, is stored last.
 */
static inline void in_flight_store(struct live_slot *slot, const struct capture *capture, uint64_t head, uint32_t index)
{
	struct live_in_flight *entry = &slot->in_flight[index];

	*(volatile uint32_t *)&slot->in_flight_depth = index + 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	entry->frame = (uint64_t)(uintptr_t)capture;
	entry->enter = capture->enter;
	entry->site = capture->site;
	for (unsigned i = 0; i < 4; i++) /* few calls have more; there is room in both for those that have less */
		entry->args[i] = capture->args[i];
	for (unsigned i = 4; i < head >> 32; i++)
		entry->args[i] = capture->args[i];
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&entry->type_and_argc, head, __ATOMIC_RELAXED);
}

/* How many of the first `depth` calls in flight still are, seen from a frame at `now`. */
uint32_t in_flight_left(const struct live_slot *slot, uint32_t depth, uint64_t now);

#endif
