// SPDX-License-Identifier: MIT
/*
 * What two sequences have in common without regard to order: parts that occur once in each, and whether short parts
 * occur at all. Both take time proportional to the length.
 */
#ifndef IPCTRACE_READER_ALIGN_ANCHOR_H
#define IPCTRACE_READER_ALIGN_ANCHOR_H

#include <stdbool.h>
#include <stdint.h>

struct anchor {
	uint32_t a, b;
};

/* `pairs` rises in a and b, and is the caller's to free. */
struct anchors {
	struct anchor *pairs;
	uint32_t count;
};

/*
 * Where parts of `length` elements that occur exactly once in `a` and once in `b` begin, as many as keep their order.
 * Long sequences are sampled by content. 0 or -ENOMEM.
 */
int anchors_find(const uint64_t *a, uint32_t a_count, const uint64_t *b, uint32_t b_count, uint32_t length,
		 struct anchors *anchors);

/* How many elements of each side stand in no part of four (or all, when shorter) that the other has. 0 or -ENOMEM. */
int parts_compare(const uint64_t *a, uint32_t a_count, const uint64_t *b, uint32_t b_count, uint32_t *a_only,
		  uint32_t *b_only);

#endif
