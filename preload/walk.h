// SPDX-License-Identifier: MIT
/*
 * Walking a thread's stack outward, and knowing one again that was walked before.
 *
 * A walk remembers each word of the stack that it went by, and where it stands. Whoever starts at the same place, with
 * the same stack pointer and, if it told where a frame ends, the same frame pointer, goes by the same words as long as
 * they are what they were, because the next place to look at follows from those before. So a known stack is recognised
 * by comparing its words from the innermost on, and no word is read of which the others have not shown that it is
 * there.
 *
 * No library is asked, nothing is allocated or locked. One thread uses a struct walks at a time; a signal handler that
 * comes in between must leave it alone.
 */
#ifndef IPCTRACE_PRELOAD_WALK_H
#define IPCTRACE_PRELOAD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALK_DEPTH_MAX 128
/* Frames that are walked through and not told, at the inner end. */
#define WALK_OWN_MAX 8

/* The registers of a function as they will be when what it has called returns to it. */
struct walk_start {
	uint64_t pc, sp, bp;
};

/* What is to be walked. */
struct walk_order {
	struct walk_start start;
	uint64_t site;		     /* where in the program it begins, to choose among what is known; any number */
	uint64_t own_from, own_size; /* code whose frames at the inner end are not told */
	uint64_t limit;		     /* no frame ends beyond this address */
};

enum walk_use {
	WORD_UNUSED, /* a frame pointer that nothing was found by; left out in the end */
	WORD_USED,
	WORD_TOLD /* an address that the stack consists of */
};

/* A word that was gone by. */
struct walk_word {
	uint64_t value;
	uint32_t offset; /* from the start's stack pointer, in bytes */
	uint32_t use;	 /* enum walk_use */
};

struct walk {
	struct walk_start start;
	uint32_t generation; /* of the rules by which it was walked; 0: nothing here */
	uint32_t count;	     /* of words */
	uint32_t depth;	     /* of these, told */
	uint32_t by_bp;	     /* 1: the start's frame pointer told where a frame ends */
	uint64_t hash;
	struct walk_word words[];
};

#define WALK_SETS 16
#define WALK_WAYS 4

/* The stacks that are known. By slot and process whoever uses it can tell that it is for him. */
struct walks {
	const void *slot;
	uint32_t process;
	uint32_t wanted; /* frames of a stack at most */
	uint32_t size;	 /* of a walk, in bytes */
	uint32_t turn;	 /* which of a set is replaced next */
	_Alignas(64) uint8_t walks[];
};

/* Bytes of a struct walks for stacks of up to `wanted` frames, at most WALK_DEPTH_MAX. */
size_t walks_size(unsigned wanted);

/* Makes an empty one of what is all zero, or was a struct walks for at most as many frames. */
void walks_init(struct walks *walks, unsigned wanted);

/* The stack as it is, if it is a known one; else NULL. */
const struct walk *walk_recognise(const struct walks *walks, const struct walk_order *order);

/* Walks it, and knows it from now on; NULL where a frame is odd, or there is none to tell. */
const struct walk *walk_go(struct walks *walks, const struct walk_order *order);

/* The hash of a stack is that of its addresses one after the other, which begins with STACK_HASH. */
#define STACK_HASH 0xcbf29ce484222325ull

static inline uint64_t stack_hash(uint64_t hash, uint64_t address)
{
	hash = (hash ^ address) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

/* The addresses that the stack consists of, from the innermost on; there are walk->depth. */
void walk_tell(const struct walk *walk, uint64_t *frames);

#endif
