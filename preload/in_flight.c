// SPDX-License-Identifier: MIT
/* See in_flight.h; frame_was_left() and capture_abandon() are described in capture.h. */
#include "preload/in_flight.h"
#include "preload/image.h"
#include "preload/traits.h"

/* Frames so near to each other are on one stack. */
#define ONE_STACK 2048

/*
 * On the thread's own stack all that lies below is gone. On others, of handlers and coroutines, it may be waiting:
 * there only what lies right below is known to be gone.
 */
bool frame_was_left(uint64_t frame, uint64_t now)
{
	bool first = frame_is_first(frame);

	if (frame > now || first != frame_is_first(now))
		return false;
	return first || now - frame < ONE_STACK;
}

uint32_t in_flight_left(const struct live_slot *slot, uint32_t depth, uint64_t now)
{
	while (depth > 0 && depth <= LIVE_IN_FLIGHT_MAX) {
		const struct live_in_flight *entry = &slot->in_flight[depth - 1];
		if (entry->type == 0 || !frame_was_left(entry->frame, now))
			break;
		depth--;
	}
	return depth;
}

void capture_abandon(struct live_slot *slot, uint32_t depth, enum outcome outcome)
{
	while (slot->in_flight_depth > depth && slot->in_flight_depth <= LIVE_IN_FLIGHT_MAX) {
		struct live_in_flight *top = &slot->in_flight[slot->in_flight_depth - 1];
		if (top->type - RECORD_CALL >= catalogue_builtin.calls_count || top->argc > CALL_ARGS_MAX) {
			/* not filled, or being recorded, or not of our writing */
			in_flight_drop(slot, slot->in_flight_depth - 1);
			continue;
		}
		struct capture left = {.slot = slot,
				       .enter = top->enter,
				       .site = top->site,
				       .head = capture_head(top->type - RECORD_CALL, top->argc),
				       .trait = traits[top->type - RECORD_CALL]};
		left.index = (uint16_t)(slot->in_flight_depth - 1);
		for (unsigned i = 0; i < CALL_ARGS_MAX; i++)
			left.args[i] = top->args[i];
		capture_finish(&left, 0, 0, outcome);
	}
}
