// SPDX-License-Identifier: MIT
/*
 * Myers' O(ND) comparison in linear space, with a budget; when that is exceeded, parts that occur once on each side as
 * anchors and Myers between them; and when there are none, a comparison of the sets of short parts.
 */
#include "reader/align.h"
#include "reader/align_anchor.h"
#include "reader/huge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Lengths of the parts that serve as anchors, tried in this order. */
static const uint32_t anchor_lengths[] = {16, 6, 1};
#define ANCHOR_ATTEMPTS (sizeof(anchor_lengths) / sizeof(anchor_lengths[0]))

enum { E_BUDGET = 1 };

struct aligner {
	const uint64_t *a, *b;
	/* Furthest points by diagonal, forward and backward; diagonal 0 is in the middle. */
	int32_t *forward, *backward;
	struct alignment *result;
	uint64_t steps_max;
};

struct box {
	int32_t a0, a1, b0, b1;
};

struct split {
	int32_t a, b;
};

/* One round of forward steps; true and *at when the paths met. */
static bool step_forward(struct aligner *aligner, const struct box *box, int32_t *low, int32_t *high, int32_t back_low,
			 int32_t back_high, bool is_odd, struct split *at)
{
	const uint64_t *a = aligner->a, *b = aligner->b;
	int32_t *forward = aligner->forward, *backward = aligner->backward;
	uint64_t steps = 0;
	bool has_met = false;
	int32_t least = box->a0 - box->b1, most = box->a1 - box->b0;

	if (*low > least)
		forward[--*low - 1] = -1;
	else
		++*low;
	if (*high < most)
		forward[++*high + 1] = -1;
	else
		--*high;
	for (int32_t k = *high; k >= *low && !has_met; k -= 2) {
		int32_t x = forward[k - 1] >= forward[k + 1] ? forward[k - 1] + 1 : forward[k + 1];
		int32_t y = x - k, from = x;
		while (x < box->a1 && y < box->b1 && a[x] == b[y])
			x++, y++;
		forward[k] = x;
		steps += 1 + (uint64_t)(x - from);
		has_met = is_odd && k >= back_low && k <= back_high && backward[k] <= x;
		if (has_met)
			*at = (struct split){x, y};
	}
	aligner->result->steps += steps;
	return has_met;
}

static bool step_backward(struct aligner *aligner, const struct box *box, int32_t *low, int32_t *high, int32_t fore_low,
			  int32_t fore_high, bool is_odd, struct split *at)
{
	const uint64_t *a = aligner->a, *b = aligner->b;
	int32_t *forward = aligner->forward, *backward = aligner->backward;
	uint64_t steps = 0;
	bool has_met = false;
	int32_t least = box->a0 - box->b1, most = box->a1 - box->b0;

	if (*low > least)
		backward[--*low - 1] = INT32_MAX;
	else
		++*low;
	if (*high < most)
		backward[++*high + 1] = INT32_MAX;
	else
		--*high;
	for (int32_t k = *high; k >= *low && !has_met; k -= 2) {
		int32_t x = backward[k - 1] < backward[k + 1] ? backward[k - 1] : backward[k + 1] - 1;
		int32_t y = x - k, from = x;
		while (x > box->a0 && y > box->b0 && a[x - 1] == b[y - 1])
			x--, y--;
		backward[k] = x;
		steps += 1 + (uint64_t)(from - x);
		has_met = !is_odd && k >= fore_low && k <= fore_high && x <= forward[k];
		if (has_met)
			*at = (struct split){x, y};
	}
	aligner->result->steps += steps;
	return has_met;
}

/* A point that lies on a shortest path through the box, which has something different at both its ends. */
static int find_middle(struct aligner *aligner, const struct box *box, uint64_t budget, struct split *at)
{
	int32_t fore = box->a0 - box->b0, back = box->a1 - box->b1;
	int32_t fore_low = fore, fore_high = fore, back_low = back, back_high = back;
	bool is_odd = (fore - back) & 1;
	uint64_t limit = aligner->result->steps + budget;

	if (limit > aligner->steps_max)
		limit = aligner->steps_max;
	aligner->forward[fore] = box->a0;
	aligner->backward[back] = box->a1;
	for (;;) {
		if (step_forward(aligner, box, &fore_low, &fore_high, back_low, back_high, is_odd, at))
			return 0;
		if (step_backward(aligner, box, &back_low, &back_high, fore_low, fore_high, is_odd, at))
			return 0;
		if (aligner->result->steps > limit)
			return E_BUDGET;
	}
}

static int give_up(struct aligner *aligner, const struct box *box)
{
	struct alignment *result = aligner->result;
	struct align_gap gap = {(uint32_t)box->a0, (uint32_t)box->a1, (uint32_t)box->b0, (uint32_t)box->b1, 0, 0};

	if (result->gaps_count == result->gaps_room) {
		uint32_t room = result->gaps_room ? 2 * result->gaps_room : 16;
		struct align_gap *gaps = realloc(result->gaps, room * sizeof(*gaps));
		if (!gaps)
			return -ENOMEM;
		result->gaps = gaps;
		result->gaps_room = room;
	}
	if (parts_compare(aligner->a + box->a0, (uint32_t)(box->a1 - box->a0), aligner->b + box->b0,
			  (uint32_t)(box->b1 - box->b0), &gap.old_only, &gap.new_only))
		return -ENOMEM;
	result->gaps[result->gaps_count++] = gap;
	return 0;
}

static int align_box(struct aligner *aligner, struct box box, unsigned attempt);

/* Between anchors the sequences are short, and few of their elements differ. */
static int align_by_anchors(struct aligner *aligner, const struct box *box, unsigned attempt)
{
	for (; attempt < ANCHOR_ATTEMPTS; attempt++) {
		struct anchors anchors = {0};
		int32_t a = box->a0, b = box->b0;
		int rc = anchors_find(aligner->a + a, (uint32_t)(box->a1 - a), aligner->b + b, (uint32_t)(box->b1 - b),
				      anchor_lengths[attempt], &anchors);
		bool any = anchors.count != 0;

		for (uint32_t i = 0; !rc && i < anchors.count; i++) {
			struct box gap = {a, box->a0 + (int32_t)anchors.pairs[i].a, b,
					  box->b0 + (int32_t)anchors.pairs[i].b};
			if (gap.a1 < a || gap.b1 < b)
				continue;
			rc = align_box(aligner, gap, attempt + 1);
			aligner->result->match[gap.a1] = (uint32_t)gap.b1;
			a = gap.a1 + 1;
			b = gap.b1 + 1;
		}
		free(anchors.pairs);
		if (rc)
			return rc;
		if (any)
			return align_box(aligner, (struct box){a, box->a1, b, box->b1}, attempt + 1);
	}
	return give_up(aligner, box);
}

/* What may be spent on a box before another way is tried; the first attempt at everything may take a third. */
static uint64_t box_budget(const struct aligner *aligner, const struct box *box, unsigned attempt)
{
	uint64_t size = (uint64_t)(box->a1 - box->a0) + (uint64_t)(box->b1 - box->b0);

	return attempt ? 2000000 + 16 * size : aligner->steps_max / 3;
}

static int align_box(struct aligner *aligner, struct box box, unsigned attempt)
{
	for (;;) {
		struct split at;
		while (box.a0 < box.a1 && box.b0 < box.b1 && aligner->a[box.a0] == aligner->b[box.b0])
			aligner->result->match[box.a0++] = (uint32_t)box.b0++;
		while (box.a0 < box.a1 && box.b0 < box.b1 && aligner->a[box.a1 - 1] == aligner->b[box.b1 - 1])
			aligner->result->match[--box.a1] = (uint32_t)--box.b1;
		if (box.a0 == box.a1 || box.b0 == box.b1)
			return 0;
		if (find_middle(aligner, &box, box_budget(aligner, &box, attempt), &at))
			return align_by_anchors(aligner, &box, attempt);
		int rc = align_box(aligner, (struct box){box.a0, at.a, box.b0, at.b}, attempt);
		if (rc)
			return rc;
		box.a0 = at.a;
		box.b0 = at.b;
	}
}

int align_sequences(const uint64_t *old, uint32_t old_count, const uint64_t *new, uint32_t new_count,
		    uint64_t steps_max, struct alignment *alignment)
{
	size_t diagonals = (size_t)old_count + new_count + 4;
	int32_t *points = huge_alloc(2 * diagonals * sizeof(*points));
	struct aligner aligner = {.a = old, .b = new, .result = alignment};
	int rc = 0;

	*alignment = (struct alignment){.match = huge_alloc((old_count + 1ull) * sizeof(uint32_t))};
	aligner.steps_max = steps_max ? steps_max : ALIGN_STEPS_MAX;
	if (!points || !alignment->match || old_count > INT32_MAX / 2 || new_count > INT32_MAX / 2) {
		rc = -ENOMEM;
	} else {
		memset(alignment->match, 0xff, old_count * sizeof(uint32_t));
		aligner.forward = points + new_count + 2;
		aligner.backward = points + diagonals + new_count + 2;
		rc = align_box(&aligner, (struct box){0, (int32_t)old_count, 0, (int32_t)new_count}, 0);
	}
	free(points);
	if (rc)
		alignment_free(alignment);
	return rc;
}

void alignment_free(struct alignment *alignment)
{
	free(alignment->match);
	free(alignment->gaps);
	*alignment = (struct alignment){0};
}
