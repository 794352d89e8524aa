// SPDX-License-Identifier: MIT
/*
 * What stands behind a call's arguments, copied into its record.
 *
 * A pointer is followed directly only when the call succeeded, that is when the kernel has been there before us, and
 * only as far as the result says. After a failure, and before a call that does not return, it is read through the
 * kernel, which answers a bad address with an error instead of a signal.
 */
#ifndef IPCTRACE_PRELOAD_FOLLOW_H
#define IPCTRACE_PRELOAD_FOLLOW_H

#include "preload/part.h"

/* A plan for one record's items: how much room they need at most, and what they come from. */
struct follow {
	struct behind behind;
	const struct call_spec *call;
	struct live_slot *slot;
	int64_t result;
	uint64_t stack; /* hash, 0 for none */
	uint32_t words; /* upper bound */
	uint32_t child; /* tid of the vfork child writing, 0 when it is the slot's owner */
	uint32_t count; /* of parts */
	bool asks, creates, semval;
	struct part parts[CALL_ARGS_MAX + 1];
};

/* Fills in the plan; `stack` is the hash of the call's, or 0. False when there is nothing beside the fixed part. */
bool follow_plan(struct follow *follow, const struct capture *capture, struct live_slot *slot, int64_t result,
		 int error, enum outcome outcome, uint64_t stack);

/* Writes the items at `at`, at most follow->words words; returns how many words it used. */
uint32_t follow_write(const struct follow *follow, uint8_t *at);

/* The words that stack_put() fills. */
#define STACK_WORDS 3

/* Writes the item that refers to a call stack by its hash. */
static inline void stack_put(uint64_t *at, uint64_t hash)
{
	*(struct item *)at = (struct item){ITEM_NO_ARG, ITEM_STACK, 0, sizeof(hash), sizeof(hash), 0};
	at[STACK_WORDS - 1] = hash;
}

/* The value-result length that `event` is about to overwrite; 0 when it cannot be read. */
uint32_t follow_length_before(const struct capture *capture, unsigned event);

#endif
