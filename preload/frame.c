// SPDX-License-Identifier: MIT
/* See frame.h: the rules that were read, for all threads. */
#include "preload/frame.h"

#include "preload/eh_frame.h"

/*
 * Rows of the table are chosen by 12 bits of a mixture from which, together with the others, the address follows: so
 * one word holds an address's 35 other bits and its rule, and needs no lock.
 */
#define ROWS 4096u
#define WAYS 4u

static uint64_t rules[ROWS][WAYS];
uint32_t frame_generation = 1, frame_news;

static uint64_t *rules_row(uint64_t pc)
{
	return rules[(pc ^ pc >> 12 ^ pc >> 24) % ROWS];
}

uint32_t frame_rule(uint64_t pc)
{
	static uint32_t turn;
	uint64_t *row = rules_row(pc), tag = pc / ROWS;

	for (unsigned way = 0; way < WAYS; way++) {
		uint64_t word = __atomic_load_n(&row[way], __ATOMIC_RELAXED);
		if (word >> FRAME_RULE_BITS == tag)
			return word & ((1u << FRAME_RULE_BITS) - 1);
	}
	if (pc >> 47)
		return FRAME_ODD;
	uint32_t rule = eh_frame_rule(pc - 1);
	__atomic_add_fetch(&frame_news, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&row[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % WAYS], tag << FRAME_RULE_BITS | rule,
			 __ATOMIC_RELAXED);
	return rule;
}

void frame_forget(void)
{
	__atomic_add_fetch(&frame_generation, 1, __ATOMIC_RELAXED);
	for (unsigned row = 0; row < ROWS; row++)
		for (unsigned way = 0; way < WAYS; way++)
			__atomic_store_n(&rules[row][way], 0, __ATOMIC_RELAXED);
}
