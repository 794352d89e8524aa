// SPDX-License-Identifier: MIT
/*
 * Addresses in payload: who sends what lies in memory as it is, sends pointers, also where only the lower half was
 * overwritten. The kernel draws where pieces of memory lie, but not where in a page something is.
 */
#include "reader/chance_address.h"

#include <string.h>

#define WORD 8u
/* A page; and what the stack is put at a multiple of. */
#define PLACE_IN_PAGE  0xfffull
#define PLACE_IN_STACK 0xfull
/* Where Linux on x86-64 puts programs with their heaps, mappings, and among the last of these stacks. */
#define PROGRAM_FROM 0x550000000000ull
#define PROGRAM_TO   0x570000000000ull
#define MAPPING_FROM 0x7e0000000000ull
#define STACK_FROM   0x7ffc00000000ull
#define ADDRESS_TO   0x800000000000ull

enum region { REGION_NONE, REGION_PROGRAM, REGION_MAPPING };

static uint64_t read_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static enum region region_of(uint64_t word)
{
	if (word >= PROGRAM_FROM && word < PROGRAM_TO)
		return REGION_PROGRAM;
	return word >= MAPPING_FROM && word < ADDRESS_TO ? REGION_MAPPING : REGION_NONE;
}

/* Whether both are addresses of the same thing, which lies elsewhere. */
static bool are_addresses(uint64_t old, uint64_t new)
{
	uint64_t place = old >= STACK_FROM && new >= STACK_FROM ? PLACE_IN_STACK : PLACE_IN_PAGE;

	return region_of(old) != REGION_NONE && region_of(old) == region_of(new) && !((old ^ new) & place);
}

/* Where the address ends that the byte at `at` is part of; 0: it is part of none. */
static uint32_t skip_address(const struct contents *contents, uint32_t from, uint32_t at)
{
	uint32_t first = at >= from + WORD - 1 ? at - (WORD - 1) : from;

	for (uint32_t i = first; i <= at && i + WORD <= contents->old_size; i++)
		if (are_addresses(read_word(contents->old + i), read_word(contents->new + i)))
			return i + WORD;
	return 0;
}

uint32_t contents_equal_addresses(const struct contents *contents, uint8_t *equal)
{
	uint32_t from = 0, count = 0; /* behind the last one */

	memcpy(equal, contents->new, contents->new_size);
	if (contents->is_cut || contents->old_size != contents->new_size)
		return 0;
	for (uint32_t at = 0; at < contents->old_size;) {
		uint32_t end = contents->old[at] == contents->new[at] ? 0 : skip_address(contents, from, at);
		if (!end) {
			at++;
			continue;
		}
		memcpy(equal + end - WORD, contents->old + end - WORD, WORD);
		from = at = end;
		count++;
	}
	return count;
}
