// SPDX-License-Identifier: MIT
/*
 * One word a call that says, without walking its row, what the hot path must do about it. Made from the catalogue at
 * start-up.
 */
#ifndef IPCTRACE_PRELOAD_TRAITS_H
#define IPCTRACE_PRELOAD_TRAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "format/live.h"

enum trait {
	TRAIT_FAILS_NULL = 1,
	TRAIT_FAILS_ERRNO = 2,
	TRAIT_NEVER_FAILS = 4,
	TRAIT_LENGTH_BEFORE = 8,	 /* a value-result length must be read before the call overwrites it */
	TRAIT_FOLLOWED = 16,		 /* has arguments with something behind them */
	TRAIT_ASK_LOCAL = 32,		 /* ask for the descriptor's own address when it succeeds */
	TRAIT_ASK_PEER = 64,		 /* ask for the peer's address of the new descriptor */
	TRAIT_CREATES = 128,		 /* makes a thread or process: its ordinal is recorded */
	TRAIT_FOLLOWED_ON_FAILURE = 256, /* some of what went in is worth reading even when the call failed */
	TRAIT_UNREAD = 512,		 /* may succeed although nobody has looked at the payload, or at a struct */
	TRAIT_MOVES_FD = 1024,		 /* makes or ends a descriptor */
	TRAIT_ENDS_FDS = 2048,		 /* ends all from the first argument on */
	TRAIT_STRAIGHT = 1 << 12,	 /* parts_straight[] says what to do when it has succeeded */
	TRAIT_ASK_SEMVALS = 1 << 13,	 /* ask for the values of the semaphores */
	TRAIT_ASK_SEMSET = 1 << 14, /* of all those of the set, when its third argument says that they are set or got */
	TRAIT_TRUNCATES = 1 << 15,  /* not when the argument that has flags has MSG_TRUNC */
};

/* Which argument is meant by TRAIT_TRUNCATES. */
#define TRAIT_FLAGS_ARG(trait) ((trait) >> 20 & 7)

/*
 * The part of a straight call which has but one, of the sorts that stand alone: its sort, or PART_NONE; its argument.
 * PART_BYTES are as many as the result says.
 */
#define TRAIT_SORT(trait) ((trait) >> 24 & 7)
#define TRAIT_ARG(trait)  ((trait) >> 16 & 7)

extern uint32_t traits[LIVE_EVENTS_MAX];

void traits_prepare(void);

/* Takes the settings of the trace into account. */
void traits_settle(void);

/* Whether `value` is something a failed call was given, payload apart: names, addresses, operations. */
bool trait_goes_in(const struct value_spec *value);

#endif
