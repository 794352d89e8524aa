// SPDX-License-Identifier: MIT
/*
 * Time between and beyond clock readings.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "reader/clock.h"

static struct clock clock_of_three(void)
{
	const struct log_anchor anchors[] = {{1000, 500, 1500}, {2000, 1000, 2000}, {4000, 3000, 9999}};
	struct clock clock = {0};

	for (size_t i = 0; i < 3; i++)
		cr_assert(eq(int, clock_add(&clock, &anchors[i]), 0));
	return clock;
}

Test(clock, lines_are_drawn_between_readings)
{
	struct clock clock = clock_of_three();

	cr_expect(eq(u64, clock_monotonic(&clock, 1000), 500));
	cr_expect(eq(u64, clock_monotonic(&clock, 1501), 750));
	cr_expect(eq(u64, clock_monotonic(&clock, 3000), 2000));
	cr_expect(eq(u64, clock_monotonic(&clock, 1500), 750));
	clock_free(&clock);
}

Test(clock, beyond_the_readings_the_slope_is_that_of_all)
{
	struct clock clock = clock_of_three();

	cr_expect(eq(u64, clock_monotonic(&clock, 7000), 5500));
	cr_expect(eq(u64, clock_monotonic(&clock, 700), 250));
	clock_free(&clock);
}

Test(clock, real_time_keeps_the_distance_of_the_first_reading)
{
	struct clock clock = clock_of_three();

	cr_expect(eq(u64, clock_realtime(&clock, 3000), 3000));
	clock_free(&clock);
}

Test(clock, readings_that_go_back_or_stand_still_are_passed_over)
{
	struct clock clock = clock_of_three();
	const struct log_anchor back = {3999, 9000, 0}, still = {5000, 3000, 0};

	clock_add(&clock, &back);
	clock_add(&clock, &still);
	cr_expect(eq(sz, clock.count, 3));
	clock_free(&clock);
}

Test(clock, one_reading_or_none_is_enough_not_to_fail)
{
	struct clock clock = {0};
	const struct log_anchor only = {1000, 500, 1500};

	cr_expect(eq(u64, clock_realtime(&clock, 77), 0));
	clock_add(&clock, &only);
	cr_expect(eq(u64, clock_monotonic(&clock, 1010), 510));
	cr_expect(eq(u64, clock_monotonic(&clock, 990), 490));
	clock_free(&clock);
}

Test(clock, large_spans_do_not_overflow)
{
	struct clock clock = {0};
	const struct log_anchor first = {0, 1, 1}, last = {1ull << 62, 1ull << 61, 0};

	clock_add(&clock, &first);
	clock_add(&clock, &last);
	cr_expect(eq(u64, clock_monotonic(&clock, 1ull << 61), 1ull << 60));
	clock_free(&clock);
}

/* What the nth reading of a clock says that runs by half a nanosecond a tick, and is read with some delay. */
static struct log_anchor reading(uint64_t n)
{
	uint64_t ticks = 1000 + 2000 * n;

	return (struct log_anchor){ticks, ticks / 2 + (n * 2654435761u >> 7) % 40, 7};
}

Test(clock, of_many_readings_few_are_kept_and_time_stays_near)
{
	const uint64_t count = 5 * CLOCK_POINTS_MAX + 3;
	struct clock clock = {0};

	for (uint64_t n = 0; n < count; n++) {
		const struct log_anchor anchor = reading(n);
		cr_assert(eq(int, clock_add(&clock, &anchor), 0));
	}
	cr_expect(le(sz, clock.count, CLOCK_POINTS_MAX));
	for (uint64_t n = 0; n < count; n++) {
		const struct log_anchor anchor = reading(n);
		int64_t off = (int64_t)(clock_monotonic(&clock, anchor.ticks) - anchor.monotonic);
		cr_assert(off > -40 && off < 40, "reading %lu: off by %ld", (unsigned long)n, (long)off);
	}
	cr_expect(eq(u64, clock_monotonic(&clock, 1000), reading(0).monotonic));
	cr_expect(eq(u64, clock_monotonic(&clock, reading(count - 1).ticks), reading(count - 1).monotonic));
	cr_expect(eq(u64, clock.last.ticks, reading(count - 1).ticks));
	clock_free(&clock);
}

Test(clock, as_many_readings_as_are_kept_are_exact)
{
	struct clock clock = {0};

	for (uint64_t n = 0; n < CLOCK_POINTS_MAX; n++) {
		const struct log_anchor anchor = reading(n);
		cr_assert(eq(int, clock_add(&clock, &anchor), 0));
	}
	for (uint64_t n = 0; n < CLOCK_POINTS_MAX; n++)
		cr_assert(eq(u64, clock_monotonic(&clock, reading(n).ticks), reading(n).monotonic));
	clock_free(&clock);
}
