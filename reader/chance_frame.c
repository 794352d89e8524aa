// SPDX-License-Identifier: MIT
/*
 * The same content in other frames: a peer that frames what it happens to have says other sizes in every run.
 */
#include "reader/chance.h"

#include <stdlib.h>
#include <string.h>

/* A head, and what must be the same behind it to be sure that it is one. */
#define HEAD_MAX   8u
#define BEHIND_MIN 16u
/* What a size may count beside the bytes behind its digits: them, a sort of frame, an end of line. */
#define SIZE_SLACK 12u
#define HEADS_MAX  1024u

/* Where in a content heads were found. */
struct heads {
	uint32_t at[HEADS_MAX], size[HEADS_MAX]; /* of what differs */
	bool is_lone[HEADS_MAX];		 /* the other content has none there */
	uint32_t count;
};

/* The same follows there, up to an end or for long enough. */
static bool goes_on(const struct contents *contents, uint32_t old, uint32_t new)
{
	uint32_t least = contents->old_size - old < contents->new_size - new ? contents->old_size - old
									     : contents->new_size - new;

	if (least < BEHIND_MIN)
		return contents->old_size - old == contents->new_size - new &&
		       !memcmp(contents->old + old, contents->new + new, least);
	return !memcmp(contents->old + old, contents->new + new, BEHIND_MIN);
}

static bool skip_heads(const struct contents *contents, uint32_t *old, uint32_t *new)
{
	for (uint32_t sum = 1; sum <= 2 * HEAD_MAX; sum++) {
		for (uint32_t own = 0; own <= sum && own <= HEAD_MAX; own++) {
			uint32_t other = sum - own;
			if (other > HEAD_MAX || *old + own > contents->old_size || *new + other > contents->new_size ||
			    !goes_on(contents, *old + own, *new + other))
				continue;
			*old += own;
			*new += other;
			return true;
		}
	}
	return false;
}

/* Whether a number of which some of the `differing` bytes at `at` are a part is about `distance`. */
static bool says_distance(const uint8_t *bytes, uint32_t size, uint32_t at, uint32_t differing, uint32_t distance)
{
	uint32_t from = at > HEAD_MAX ? at - HEAD_MAX : 0, to = at + HEAD_MAX < size ? at + HEAD_MAX : size;

	for (uint32_t i = from; i < to; i++) {
		for (uint32_t length = 1; length <= HEAD_MAX && i + length <= to && i < at + differing; length++) {
			if (i + length <= at)
				continue;
			char digits[HEAD_MAX + 1] = {0}, *end;
			memcpy(digits, bytes + i, length);
			unsigned long hex = strtoul(digits, &end, 16);
			bool is_number = *digits > ' ' && *end == 0 && *digits != '-' && *digits != '+';
			if (is_number && hex + SIZE_SLACK >= distance && hex <= distance + SIZE_SLACK)
				return true;
			unsigned long decimal = strtoul(digits, &end, 10);
			is_number &= *end == 0;
			if (is_number && decimal + SIZE_SLACK >= distance && decimal <= distance + SIZE_SLACK)
				return true;
		}
	}
	return false;
}

static bool are_sizes(const uint8_t *bytes, uint32_t size, const struct heads *heads)
{
	for (uint32_t i = 0; i < heads->count; i++) {
		uint32_t next = i + 1 < heads->count ? heads->at[i + 1] : size;
		/* A frame more has something in it: an empty one is a message. */
		if (heads->is_lone[i] && next <= heads->at[i] + heads->size[i])
			return false;
		if (!says_distance(bytes, size, heads->at[i], heads->size[i], next - heads->at[i]))
			return false;
	}
	return true;
}

static void note_head(struct heads *heads, uint32_t at, uint32_t size, bool is_lone)
{
	if (heads->count == HEADS_MAX)
		return;
	heads->at[heads->count] = at;
	heads->is_lone[heads->count] = is_lone;
	heads->size[heads->count++] = size;
}

bool contents_are_reframed(const struct contents *contents)
{
	struct heads heads[2] = {{.count = 0}, {.count = 0}};
	uint32_t old = 0, new = 0;

	while (old < contents->old_size || new < contents->new_size) {
		if (old < contents->old_size && new < contents->new_size && contents->old[old] == contents->new[new]) {
			old++;
			new ++;
			continue;
		}
		uint32_t old_at = old, new_at = new;
		if (!skip_heads(contents, &old, &new))
			return false;
		/* one digit more says a longer frame, more than that is something else */
		uint32_t own = old - old_at, other = new - new_at;
		if (own && other && (own > other + 1 || other > own + 1))
			return false;
		/* where only one side has a head, the other one has none */
		if (old > old_at)
			note_head(&heads[0], old_at, old - old_at, new == new_at);
		if (new > new_at)
			note_head(&heads[1], new_at, new - new_at, old == old_at);
	}
	/* When a frame has another size, the next one has so, too, or there is another number of them. */
	return (heads[0].count > 1 || heads[1].count > 1) && are_sizes(contents->old, contents->old_size, &heads[0]) &&
	       are_sizes(contents->new, contents->new_size, &heads[1]);
}
