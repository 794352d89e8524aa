// SPDX-License-Identifier: MIT
/*
 * From ticks to time, by straight lines between the log's clock readings.
 */
#include "reader/clock.h"

#include <errno.h>
#include <stdlib.h>

int clock_add(struct clock *clock, const struct log_anchor *anchor)
{
	const struct log_anchor *last = clock->count ? &clock->anchors[clock->count - 1] : NULL;

	if (last && (anchor->ticks <= last->ticks || anchor->monotonic <= last->monotonic))
		return 0;
	if (clock->count == clock->capacity) {
		size_t capacity = clock->capacity ? 2 * clock->capacity : 64;
		struct log_anchor *anchors = reallocarray(clock->anchors, capacity, sizeof(*anchors));
		if (!anchors)
			return -ENOMEM;
		clock->anchors = anchors;
		clock->capacity = capacity;
	}
	clock->anchors[clock->count++] = *anchor;
	return 0;
}

void clock_free(struct clock *clock)
{
	free(clock->anchors);
	*clock = (struct clock){0};
}

/* floor(value * multiplier / divisor) */
static uint64_t scale(uint64_t value, uint64_t multiplier, uint64_t divisor)
{
	uint64_t product;

	if (!__builtin_mul_overflow(value, multiplier, &product))
		return product / divisor;
	return (uint64_t)((unsigned __int128)value * multiplier / divisor);
}

/* Moves clock->at to the segment that holds `ticks`, which lies between the first and the last reading. */
static void find_segment(struct clock *clock, uint64_t ticks)
{
	const struct log_anchor *anchors = clock->anchors;
	size_t low = 0, high = clock->count - 1;

	if (clock->at + 2 < clock->count && anchors[clock->at + 1].ticks <= ticks &&
	    ticks < anchors[clock->at + 2].ticks) {
		clock->at++;
		return;
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (anchors[middle].ticks <= ticks)
			low = middle;
		else
			high = middle;
	}
	clock->at = low;
}

uint64_t clock_monotonic(struct clock *clock, uint64_t ticks)
{
	const struct log_anchor *first, *last, *from;

	if (!clock->count)
		return 0;
	first = &clock->anchors[0];
	last = &clock->anchors[clock->count - 1];
	if (ticks < first->ticks || ticks >= last->ticks) {
		uint64_t run = first == last ? 1 : last->ticks - first->ticks;
		uint64_t rise = first == last ? 1 : last->monotonic - first->monotonic;
		return ticks < first->ticks ? first->monotonic - scale(first->ticks - ticks, rise, run)
					    : last->monotonic + scale(ticks - last->ticks, rise, run);
	}
	from = &clock->anchors[clock->at];
	if (ticks < from->ticks || ticks >= from[1].ticks) {
		find_segment(clock, ticks);
		from = &clock->anchors[clock->at];
	}
	return from->monotonic +
	       scale(ticks - from->ticks, from[1].monotonic - from->monotonic, from[1].ticks - from->ticks);
}

uint64_t clock_realtime(struct clock *clock, uint64_t ticks)
{
	if (!clock->count)
		return 0;
	return clock_monotonic(clock, ticks) + (clock->anchors[0].realtime - clock->anchors[0].monotonic);
}
