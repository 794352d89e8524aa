// SPDX-License-Identifier: MIT
/*
 * How a function's caller is found from its frame, as the compiler wrote it into .eh_frame (the DWARF call frame
 * information of System V's ABI), for the frames that almost all are: the caller's stack pointer is so far from the
 * stack or the frame pointer, the return address lies right below it, and the caller's frame pointer somewhere there.
 *
 * All other frames are called odd, and left to libunwind. Reads what is mapped, asks nobody, allocates nothing.
 */
#ifndef IPCTRACE_PRELOAD_FRAME_H
#define IPCTRACE_PRELOAD_FRAME_H

#include <stdint.h>

enum frame_kind {
	FRAME_UNREAD,
	FRAME_ODD,
	FRAME_PLAIN,
	FRAME_LAST, /* has no caller: where a program or a thread begins */
};

/*
 * One address's rule in 29 bits. From the lowest: the kind; whether the frame pointer or the stack pointer tells where
 * the frame ends; so many words further (18 bits); so many words below the end the caller's frame pointer is saved
 * (8 bits; 0: the register still has it).
 */
#define FRAME_KIND(rule)	((rule)&3)
#define FRAME_FROM_BP(rule)	((rule) >> 2 & 1)
#define FRAME_END_WORDS(rule)	((rule) >> 3 & 0x3ffff)
#define FRAME_SAVED_WORDS(rule) ((rule) >> 21 & 0xff)
#define FRAME_RULE_BITS		29

/* The rule for the function that a call will return into at `pc`; remembered for all threads. */
uint32_t frame_rule(uint64_t pc);

/* Forgets all rules: other code may stand where they were read. What was found by them has another generation. */
void frame_forget(void);

/* Counts how often they were forgotten, from 1 on. */
extern uint32_t frame_generation;

/* Counts the rules that were not known: while it stays the same, no stack has led through code that none did before. */
extern uint32_t frame_news;

#endif
