// SPDX-License-Identifier: MIT
/*
 * Contents that are the same bytes in another order.
 */
#include "reader/chance.h"

#include <stdlib.h>

/* What is in another order differs in more than two places. */
#define PERMUTED_MIN 8u

uint32_t contents_count_different(const struct contents *contents, uint32_t from)
{
	uint32_t count = 0;

	for (uint32_t i = from; i < contents->old_size && i < contents->new_size; i++)
		count += contents->old[i] != contents->new[i];
	return count;
}

bool contents_have_same_bytes(const struct contents *contents)
{
	int64_t counts[256] = {0};
	uint64_t others = 0;

	if (contents->is_cut || contents->old_size != contents->new_size)
		return false;
	for (uint32_t i = 0; i < contents->old_size; i++) {
		counts[contents->old[i]]++;
		counts[contents->new[i]]--;
	}
	for (unsigned i = 0; i < 256; i++)
		others += (uint64_t)llabs(counts[i]);
	return !others;
}

bool contents_are_reordered(const struct contents *contents)
{
	return contents_have_same_bytes(contents) && contents_count_different(contents, 0) >= PERMUTED_MIN;
}

/* How much of `new` from `at` on stands somewhere in `old`, and whether at another place. */
static uint32_t longest_part(const struct contents *contents, uint32_t at, bool *is_elsewhere)
{
	uint32_t longest = 0;

	*is_elsewhere = false;
	for (uint32_t i = 0; i < contents->old_size; i++) {
		uint32_t from = (at + i) % contents->old_size, length = 0; /* where it is in place first */
		while (from + length < contents->old_size && at + length < contents->new_size &&
		       contents->old[from + length] == contents->new[at + length])
			length++;
		if (length <= longest)
			continue;
		longest = length;
		*is_elsewhere = from != at;
	}
	return longest;
}

bool contents_are_swapped(const struct contents *contents)
{
	uint32_t at = 0, moved = 0;

	if (contents->is_cut || contents->old_size != contents->new_size || !contents_are_reordered(contents))
		return false;
	while (at < contents->new_size && moved <= 2) {
		bool is_elsewhere;
		uint32_t length = longest_part(contents, at, &is_elsewhere);
		if (!length)
			return false;
		moved += is_elsewhere;
		at += length;
	}
	return moved <= 2;
}

bool contents_are_permuted(const struct contents *contents)
{
	return contents_are_reordered(contents) && !contents_are_swapped(contents);
}
