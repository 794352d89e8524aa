// SPDX-License-Identifier: MIT
/*
 * See pace.h.
 */
#include "replay/pace.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reader/amount.h"

#define SECOND 1000000000ull
#define SLICE  (SECOND / 10)

uint64_t pace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t pace_due(struct pace *pace, uint64_t time)
{
	if (!pace->begun) {
		pace->begun = pace_now();
	} else if (pace->speed > 0 && time > pace->previous) {
		double gap = (double)(time - pace->previous) / pace->speed;
		pace->due += gap < (double)pace->max_gap ? (uint64_t)gap : pace->max_gap;
	}
	pace->previous = time;
	pace->count++;
	return pace->begun + pace->due;
}

bool pace_wait(uint64_t due, const volatile sig_atomic_t *stopped)
{
	/* In slices, for the signal that comes between the look and the sleep. */
	for (uint64_t now = pace_now(); now < due && !*stopped; now = pace_now()) {
		uint64_t until = due - now > SLICE ? now + SLICE : due;
		const struct timespec slice = {(time_t)(until / SECOND), (long)(until % SECOND)};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &slice, NULL);
	}
	return !*stopped;
}

void pace_done(struct pace *pace, uint64_t due)
{
	uint64_t now = pace_now();

	histogram_add(&pace->late, now > due ? now - due : 0);
}

void pace_print_lateness(const struct pace *pace, struct text *out)
{
	text_put(out, "late by ");
	amount_time(out, histogram_quantile(&pace->late, 0.5));
	text_put(out, " (median), ");
	amount_time(out, histogram_quantile(&pace->late, 0.99));
	text_put(out, " (99 %), ");
	amount_time(out, pace->late.max);
	text_put(out, " (most)");
}

int pace_parse_speed(const char *value, double *speed)
{
	char *end;

	*speed = 0;
	if (!strcmp(value, "max"))
		return 0;
	*speed = strtod(value, &end);
	return end == value || *end || !isfinite(*speed) || *speed <= 0;
}

int pace_parse_time(const char *value, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9}};
	char *end;
	double number = strtod(value, &end);

	if (end == value || !isfinite(number) || number < 0)
		return 1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].name)) {
			*ns = number * units[i].ns < 1e18 ? (uint64_t)(number * units[i].ns) : (uint64_t)1e18;
			return 0;
		}
	return 1;
}
