// SPDX-License-Identifier: MIT
/*
 * When the collector looks again, and when a ring is to be emptied.
 */
#include <criterion/criterion.h>

#include "trace/pace.h"

#define RING (512ull << 10)
#define MS   1000000ull

static struct pace pace;
static uint64_t now, held, grown;
static int looks, frames, wakes;

/*
 * Looks as the collector does while one ring grows by `rate` bytes a millisecond, for so many milliseconds. Its writer
 * wakes a sleeping collector when it is half full, and one that dozes at seven eighths; the look comes so `late`.
 */
static void run(uint64_t rate, uint64_t milliseconds, uint64_t late)
{
	uint64_t end = now + milliseconds * MS;

	looks = frames = wakes = 0;
	while (now < end) {
		struct drain_pending pending = {.bytes = held, .largest = held, .grown = grown, .claimed = 1};
		pace_look(&pace, &pending, UINT64_MAX, now);
		looks++;
		if (pace_is_due(&pace, held)) {
			held = 0;
			frames++;
		}
		uint64_t limit = pace_rest(&pace, held, now) == COLLECTOR_DOZES ? RING - RING / 8 : RING / 2;
		uint64_t sleep = pace.sleep, woken = held < limit ? (limit - held) * MS / rate : 0;
		cr_assert_leq(sleep, 25 * MS);
		if (woken < sleep) {
			sleep = woken;
			wakes++;
		}
		now += sleep + late;
		grown = rate * (sleep + late) / MS;
		held += grown;
		cr_assert_leq(held, RING, "a ring was full");
	}
}

static void set_up(void)
{
	now = 1000 * MS;
	held = grown = 0;
	pace_begin(&pace, RING, FULL_WAIT, now);
}

Test(pace, looks_about_once_for_a_ring_that_fills_steadily, .init = set_up)
{
	static const uint64_t rates[] = {30000, 60000, 120000, 250000};

	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		run(rates[i], 50, MS / 20);
		run(rates[i], 1000, MS / 20);
		cr_assert_gt(frames, 0);
		cr_assert_leq(looks, frames + frames / 4 + 5, "%d looks for %d frames", looks, frames);
		cr_assert_eq(wakes, 0);
	}
}

Test(pace, makes_frames_of_at_least_a_quarter_ring, .init = set_up)
{
	run(100000, 50, MS / 20);
	run(100000, 1000, MS / 20);
	cr_assert_leq(frames, 1000 * 100000 / (RING / 4));
}

Test(pace, finds_no_ring_full_where_looks_are_late, .init = set_up)
{
	for (uint64_t late = 0; late <= 3; late++) {
		set_up();
		run(25000, 200, late * MS);
	}
}

Test(pace, makes_no_storm_of_frames_after_a_look_that_was_very_late, .init = set_up)
{
	run(10000, 200, 0);
	run(10000, 1, 10 * MS);
	run(10000, 200, 0);
	cr_assert_leq(frames, 200 * 10000 / (RING / 4) + 2);
}

Test(pace, looks_often_while_threads_come_and_go, .init = set_up)
{
	for (uint32_t claimed = 1; claimed < 50; claimed++) {
		struct drain_pending pending = {.bytes = 1000, .largest = 1000, .grown = 10, .claimed = claimed};
		now += 20 * MS;
		pace_look(&pace, &pending, UINT64_MAX, now);
		pace_rest(&pace, 1000, now);
		cr_assert_leq(pace.sleep, 5 * MS);
	}
}

Test(pace, empties_rings_earlier_where_the_log_has_little_room, .init = set_up)
{
	struct drain_pending pending = {.bytes = 60000, .largest = 60000, .grown = 1000, .claimed = 1};

	now += 10 * MS;
	pace_look(&pace, &pending, UINT64_MAX, now);
	cr_assert_not(pace_is_due(&pace, 60000));
	pace_look(&pace, &pending, 50000, now + 10 * MS);
	cr_assert(pace_is_due(&pace, 60000));
}

Test(pace, sleeps_longer_and_longer_while_nothing_happens, .init = set_up)
{
	const struct drain_pending nothing = {.claimed = 1};
	uint64_t before = 0;

	for (int i = 0; i < 400; i++) {
		pace_look(&pace, &nothing, UINT64_MAX, now);
		cr_assert_eq(pace_rest(&pace, 0, now), COLLECTOR_ASLEEP);
		cr_assert_geq(pace.sleep, before);
		before = pace.sleep;
		now += pace.sleep;
	}
	cr_assert_eq(before, 25 * MS);
}
