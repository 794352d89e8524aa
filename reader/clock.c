// SPDX-License-Identifier: MIT
/*
 * From ticks to time, by straight lines between the log's clock readings.
 */
#include "reader/clock.h"

#include <errno.h>
#include <stdlib.h>

/* Keeps every second point, that is those of every second reading that was kept. */
static void thin_out(struct clock *clock)
{
	clock->stride *= 2;
	clock->count = (clock->count + 1) / 2;
	for (size_t i = 0; i < clock->count; i++)
		clock->points[i] = clock->points[2 * i];
	clock->at = 0;
}

/* Room for a point behind all that are kept for good. 0 or -ENOMEM. */
static int make_room_for_point(struct clock *clock)
{
	size_t room = clock->room ? 2 * clock->room : 64;
	struct clock_point *points;

	/* the last one was there because it was the last */
	if (clock->count && (clock->taken - 1) % clock->stride)
		clock->count--;
	if (clock->count == CLOCK_POINTS_MAX)
		thin_out(clock);
	if (clock->count < clock->room)
		return 0;
	points = reallocarray(clock->points, room, sizeof(*points));
	if (!points)
		return -ENOMEM;
	clock->points = points;
	clock->room = room;
	return 0;
}

int clock_add(struct clock *clock, const struct log_anchor *anchor)
{
	if (clock->taken && (anchor->ticks <= clock->last.ticks || anchor->monotonic <= clock->last.monotonic))
		return 0;
	if (!clock->taken) {
		clock->first = *anchor;
		clock->stride = 1;
	}
	if (make_room_for_point(clock))
		return -ENOMEM;
	clock->points[clock->count++] = (struct clock_point){anchor->ticks, anchor->monotonic};
	clock->last = *anchor;
	clock->taken++;
	return 0;
}

void clock_free(struct clock *clock)
{
	free(clock->points);
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
	const struct clock_point *points = clock->points;
	size_t low = 0, high = clock->count - 1;

	if (clock->at + 2 < clock->count && points[clock->at + 1].ticks <= ticks &&
	    ticks < points[clock->at + 2].ticks) {
		clock->at++;
		return;
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (points[middle].ticks <= ticks)
			low = middle;
		else
			high = middle;
	}
	clock->at = low;
}

uint64_t clock_monotonic(struct clock *clock, uint64_t ticks)
{
	const struct log_anchor *first = &clock->first, *last = &clock->last;
	const struct clock_point *from;

	if (!clock->count)
		return 0;
	if (ticks < first->ticks || ticks >= last->ticks) {
		uint64_t run = clock->taken == 1 ? 1 : last->ticks - first->ticks;
		uint64_t rise = clock->taken == 1 ? 1 : last->monotonic - first->monotonic;
		return ticks < first->ticks ? first->monotonic - scale(first->ticks - ticks, rise, run)
					    : last->monotonic + scale(ticks - last->ticks, rise, run);
	}
	from = &clock->points[clock->at];
	if (ticks < from->ticks || ticks >= from[1].ticks) {
		find_segment(clock, ticks);
		from = &clock->points[clock->at];
	}
	return from->monotonic +
	       scale(ticks - from->ticks, from[1].monotonic - from->monotonic, from[1].ticks - from->ticks);
}

uint64_t clock_realtime(struct clock *clock, uint64_t ticks)
{
	if (!clock->count)
		return 0;
	return clock_monotonic(clock, ticks) + (clock->first.realtime - clock->first.monotonic);
}
