// SPDX-License-Identifier: MIT
/*
 * Unique parts by a hash table of all parts, and of their pairs the longest run that rises on both sides.
 */
#include "reader/align_anchor.h"
#include "reader/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Parts that are looked at when there are more: memory stays bounded, and anchors dense enough. */
#define PARTS_MAX (1u << 22)

struct part {
	uint64_t hash; /* 0: free */
	uint32_t a, b; /* where it begins */
	uint8_t a_count, b_count;
};

struct parts {
	struct part *rows;
	uint64_t mask;
	uint64_t sample; /* hashes with any of these bits are passed over */
	uint64_t used;
};

static int parts_new(struct parts *parts, uint64_t count)
{
	uint64_t size = 64;

	parts->sample = parts->used = 0;
	for (; count > PARTS_MAX; count /= 2)
		parts->sample = 2 * parts->sample + 1;
	while (size < 2 * count)
		size *= 2;
	parts->mask = size - 1;
	parts->rows = calloc(size, sizeof(*parts->rows));
	return parts->rows ? 0 : -ENOMEM;
}

/* The row of a part, or NULL when it is new and there is no room for more. */
static struct part *find_part(struct parts *parts, uint64_t hash)
{
	uint64_t at = (hash >> 20) & parts->mask;

	while (parts->rows[at].hash && parts->rows[at].hash != hash)
		at = (at + 1) & parts->mask;
	if (!parts->rows[at].hash) {
		if (parts->used >= parts->mask / 4 * 3)
			return NULL;
		parts->used++;
		parts->rows[at].hash = hash;
	}
	return &parts->rows[at];
}

#define ROLL 0x9e3779b97f4a7c15ull

/* Calls `add` for each part that is in the sample; hashes roll along. */
static void each_part(struct parts *parts, const uint64_t *tokens, uint32_t count, uint32_t length, bool is_b,
		      void (*add)(struct parts *parts, uint64_t hash, uint32_t at, bool is_b))
{
	uint64_t rolling = 0, power = 1;

	for (uint32_t i = 0; i < length; i++)
		power *= ROLL;
	for (uint32_t i = 0; i < count; i++) {
		rolling = rolling * ROLL + map_mix(tokens[i]);
		if (i >= length)
			rolling -= power * map_mix(tokens[i - length]);
		uint64_t hash = map_mix(rolling) | 1ull << 63;
		if (i + 1 >= length && !(hash & parts->sample))
			add(parts, hash, i + 1 - length, is_b);
	}
}

static void add_part(struct parts *parts, uint64_t hash, uint32_t at, bool is_b)
{
	struct part *part = find_part(parts, hash);

	if (!part)
		return;
	if (is_b) {
		part->b = at;
		part->b_count += part->b_count < 2;
	} else {
		part->a = at;
		part->a_count += part->a_count < 2;
	}
}

static int compare_anchors(const void *left, const void *right)
{
	const struct anchor *a = left, *b = right;

	return a->a < b->a ? -1 : a->a > b->a;
}

/* Keeps a longest subsequence that rises in b, of pairs that rise in a. 0 or -ENOMEM. */
static int keep_rising(struct anchors *anchors)
{
	uint32_t count = anchors->count, length = 0;
	uint32_t *tails = malloc((count + 1ull) * sizeof(*tails)); /* the pair that ends a run of this length lowest */
	uint32_t *before = malloc((count + 1ull) * sizeof(*before));
	struct anchor *kept = malloc((count + 1ull) * sizeof(*kept));

	if (!tails || !before || !kept) {
		free(tails);
		free(before);
		free(kept);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t low = 0, high = length;
		while (low < high) {
			uint32_t middle = (low + high) / 2;
			if (anchors->pairs[tails[middle]].b < anchors->pairs[i].b)
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low ? tails[low - 1] : UINT32_MAX;
		tails[low] = i;
		length += low == length;
	}
	uint32_t last = length ? tails[length - 1] : UINT32_MAX;
	for (uint32_t i = length; i--; last = before[last])
		kept[i] = anchors->pairs[last];
	free(tails);
	free(before);
	free(anchors->pairs);
	anchors->pairs = kept;
	anchors->count = length;
	return 0;
}

int anchors_find(const uint64_t *a, uint32_t a_count, const uint64_t *b, uint32_t b_count, uint32_t length,
		 struct anchors *anchors)
{
	struct parts parts;

	*anchors = (struct anchors){0};
	if (a_count < length || b_count < length)
		return 0;
	if (parts_new(&parts, (uint64_t)a_count + b_count))
		return -ENOMEM;
	each_part(&parts, a, a_count, length, false, add_part);
	each_part(&parts, b, b_count, length, true, add_part);
	for (uint64_t i = 0; i <= parts.mask; i++)
		anchors->count += parts.rows[i].a_count == 1 && parts.rows[i].b_count == 1;
	anchors->pairs = malloc((anchors->count + 1ull) * sizeof(*anchors->pairs));
	if (anchors->pairs) {
		struct anchor *pair = anchors->pairs;
		for (uint64_t i = 0; i <= parts.mask; i++)
			if (parts.rows[i].a_count == 1 && parts.rows[i].b_count == 1)
				*pair++ = (struct anchor){parts.rows[i].a, parts.rows[i].b};
	}
	free(parts.rows);
	if (!anchors->pairs)
		return -ENOMEM;
	qsort(anchors->pairs, anchors->count, sizeof(*anchors->pairs), compare_anchors);
	if (keep_rising(anchors)) {
		free(anchors->pairs);
		*anchors = (struct anchors){0};
		return -ENOMEM;
	}
	return 0;
}

#define PART_LENGTH 4u

static void mark_part(struct parts *parts, uint64_t hash, uint32_t at, bool is_b)
{
	struct part *part = find_part(parts, hash);

	if (part)
		*(is_b ? &part->b : &part->a) += 1;
}

int parts_compare(const uint64_t *a, uint32_t a_count, const uint64_t *b, uint32_t b_count, uint32_t *a_only,
		  uint32_t *b_only)
{
	uint32_t shorter = a_count < b_count ? a_count : b_count;
	uint32_t length = shorter < PART_LENGTH ? 1 : PART_LENGTH;
	struct parts parts;

	if (parts_new(&parts, (uint64_t)a_count + b_count))
		return -ENOMEM;
	each_part(&parts, a, a_count, length, false, mark_part);
	each_part(&parts, b, b_count, length, true, mark_part);
	*a_only = *b_only = 0;
	for (uint64_t i = 0; i <= parts.mask; i++) {
		const struct part *part = &parts.rows[i];
		if (part->a > part->b)
			*a_only += part->a - part->b;
		else
			*b_only += part->b - part->a;
	}
	free(parts.rows);
	return 0;
}
