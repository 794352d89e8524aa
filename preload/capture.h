// SPDX-License-Identifier: MIT
/*
 * What every wrapper does around the real call: note the arguments at entry, write one record after the return.
 *
 * Rules of this room, for every file in preload/:
 *   - between entry and return of the real call nothing is held: a thread may be cancelled there, or jumped out of it;
 *   - pointers are followed only after the call has returned, and only as far as its result says that they hold;
 *   - no malloc, no lock, no descriptor kept, no libc function that could be one of the wrapped, no change of errno;
 *   - nothing fails outward: what cannot be recorded is counted.
 */
#ifndef IPCTRACE_PRELOAD_CAPTURE_H
#define IPCTRACE_PRELOAD_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/live.h"
#include "trace/stream.h"

#define EXPORT __attribute__((visibility("default")))

/*
 * The control page of the live area, mapped over this very page of our own data when tracing starts: a wrapper looks at
 * its switch with one load from a known address, and finds 0 while there is nothing to trace for.
 */
extern struct live_control live_control;

/*
 * What follows a call that is not traced is to stand first in a wrapper, in the line of code where that begins, and the
 * rest right behind it: not traced, a send() or recv() of 64 bytes took 2 ns instead of 6.
 */
#define CAPTURE_ENABLED(event) \
	__builtin_expect_with_probability(*(volatile uint8_t *)&live_control.enabled[event] != 0, 0, 0.6)

/* Memory as it was before the call, for arguments that the call overwrites. */
struct capture_before {
	uint8_t arg;
	uint8_t size;
	uint8_t bytes[128];
};

/* One call in progress; lives in the wrapper's frame. */
struct capture {
	struct live_slot *slot; /* NULL: nothing to write */
	uint64_t enter;		/* ticks */
	uint64_t site;
	union {
		struct {
			uint32_t type; /* RECORD_CALL + event */
			uint8_t argc;
			uint8_t before_count;
			uint16_t index; /* in slot->in_flight; at most LIVE_IN_FLIGHT_MAX, where nothing is kept */
		};
		uint64_t head; /* all of these at once; at first as live_in_flight.type_and_argc */
	};
	uint32_t length; /* what a value-result length was before the call; only where a trait says that it is known */
	uint32_t trait;	 /* of the call */
	const struct capture_before *before;
	uint64_t args[CALL_ARGS_MAX];
};

/* A capture's head as it is at first. */
static inline uint64_t capture_head(unsigned event, unsigned argc)
{
	return (RECORD_CALL + event) | (uint64_t)argc << 32;
}

void capture_enter_with(struct capture *capture, uint64_t head, void *site);

/* Notes that the call has begun. `args` must be filled in. `site` is where it returns to. */
static inline void capture_enter(struct capture *capture, unsigned event, unsigned argc, void *site)
{
	capture_enter_with(capture, capture_head(event, argc), site);
}

/* Writes the record of a call that returned `result`, and returns that too; errno is read, never changed. */
int64_t capture_leave(struct capture *capture, int64_t result);

/* The same for a call that will not return, or whose outcome is known otherwise; `error` is an errno value. */
void capture_finish(struct capture *capture, int64_t result, int error, enum outcome outcome);

/* The record of a call that returns only when it fails, until it is known whether it does. */
struct capture_held {
	struct stream_room room;
	uint32_t words, used;
};

/*
 * Notes that a call has begun that does not return when it succeeds: its record is written whole, and found by the
 * collector when the image is gone. As capture_enter(), where tracing is not on or the ring is full nothing is noted.
 */
void capture_depart(struct capture *capture, struct capture_held *held, unsigned event, unsigned argc, void *site);

/* It has failed: its record says so, and becomes visible. */
void capture_stay(struct capture *capture, const struct capture_held *held, int64_t result);

/* The place of the next call in flight, whatever others have written over its slot. */
static inline uint32_t in_flight_top(const struct live_slot *slot)
{
	uint32_t depth = slot->in_flight_depth;

	return depth < LIVE_IN_FLIGHT_MAX ? depth : LIVE_IN_FLIGHT_MAX;
}

/* Whether a frame at `frame` has been jumped out of, or returned from, as far as one at `now` can tell. */
bool frame_was_left(uint64_t frame, uint64_t now);

/*
 * Writes records of the calls in flight beyond the first `depth`: they will not return, because a signal handler jumped
 * out of them, or the thread was cancelled inside them.
 */
void capture_abandon(struct live_slot *slot, uint32_t depth, enum outcome outcome);

#endif
