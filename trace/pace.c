// SPDX-License-Identifier: MIT
/*
 * See pace.h.
 */
#include "trace/pace.h"

#define MILLISECOND 1000000ull
#define SLEEP_MIN   (MILLISECOND / 20)
#define SLEEP_MAX   (5 * MILLISECOND)
#define SLEEP_IDLE  (25 * MILLISECOND)
/* A sleep takes some time of a processor itself: what is due within this is due. */
#define SLEEP_WORTH (MILLISECOND / 4)
/* A sleep lasts so much longer than it should, on a machine with a processor to spare. */
#define SLEEP_LATE (MILLISECOND / 10)
/* Rings that overwrite do not wait for us: what says who writes must be seen before they have gone round. */
#define SLEEP_OVERWRITE (MILLISECOND / 2)
/* Near the end. */
#define SLEEP_HURRY (MILLISECOND / 2)
#define IDLE_AFTER  (1000 * MILLISECOND)
/* How a ring fills is believed to go on for so many times as long as it was seen. */
#define FORESIGHT 4
/* On a busy machine it may take so long until we run again. */
#define PROCESSOR_WAIT (4 * MILLISECOND)

void pace_begin(struct pace *pace, uint64_t ring_size, uint32_t full_policy, uint64_t now)
{
	*pace = (struct pace){.ring_size = ring_size,
			      .full_policy = full_policy,
			      .active_at = now,
			      .looked_at = now,
			      .woken_at = now,
			      .sleep = SLEEP_MIN};
}

/* By how much the quickest ring grows in `time`. */
static uint64_t growth_in(const struct growth *growth, uint64_t time)
{
	return growth->bytes * time / (growth->elapsed + 1);
}

/*
 * With how many bytes a ring is to be emptied. A frame says everything
 * anew, so one that spans more is smaller: redis took 4.7 bytes an event with rings emptied when half full, and 4.5
 * with this (quickly compressed). Only a ring that fills slowly is left so long: what comes while we are not given a
 * processor has to fit.
 */
static uint64_t due_choose(const struct pace *pace)
{
	uint64_t ring = pace->ring_size, most = ring - ring / 4;
	uint64_t meanwhile = growth_in(&pace->growth, PROCESSOR_WAIT), late = growth_in(&pace->growth, SLEEP_LATE);
	uint64_t least = ring / 2 - (late < ring / 4 ? late : ring / 4);

	if (pace->full_policy != FULL_WAIT || meanwhile >= ring - least)
		return least;
	return meanwhile <= ring - most ? most : ring - meanwhile;
}

/*
 * Where others want the processors as well it takes until we are given one, which is part of a sleep: load 17, 13
 * rounds in turns, calls of a ping took 1.7 us instead of 4.7, and a recv 0.4 instead of 1.2, as rings were full less.
 */
static void lateness_measure(struct pace *pace, uint64_t now)
{
	uint64_t late = now > pace->woken_at ? now - pace->woken_at : 0, before = pace->late / 2;

	pace->late = late > before ? late : before;
}

void pace_look(struct pace *pace, const struct drain_pending *pending, uint64_t room, uint64_t now)
{
	pace->growth = (struct growth){now - pace->looked_at, pending->grown, pending->claimed == pace->claimed};
	pace->claimed = pending->claimed;
	lateness_measure(pace, now);
	pace->looked_at = now;
	if (pending->grown)
		pace->active_at = now;
	pace->due = due_choose(pace);
	if (room < pace->due)
		pace->due = room;
}

bool pace_is_due(const struct pace *pace, uint64_t bytes)
{
	return bytes + growth_in(&pace->growth, SLEEP_WORTH) >= pace->due;
}

/*
 * While threads come and go their slots are to be had again soon. Else a ring that fills is looked at when it is due: a
 * sleep takes 20 to 35 us of a processor in a virtual machine, and redis was looked at four to five times a frame.
 */
static uint64_t rest_longest(const struct pace *pace)
{
	const struct growth *growth = &pace->growth;
	bool is_idle = pace->looked_at - pace->active_at > IDLE_AFTER;

	if (pace->hurries)
		return SLEEP_HURRY;
	if (pace->full_policy == FULL_OVERWRITE && !is_idle)
		return SLEEP_OVERWRITE;
	if (!is_idle && growth->bytes && growth->is_steady && growth->elapsed > SLEEP_MAX / FORESIGHT)
		return growth->elapsed < SLEEP_IDLE / FORESIGHT ? FORESIGHT * growth->elapsed : SLEEP_IDLE;
	return is_idle ? SLEEP_IDLE : SLEEP_MAX;
}

/*
 * While rings fill, until the fullest is due, if it fills as quickly as the quickest did; so it is seen before it is
 * full even when its writer cannot wake us, and the writer need not. While nothing happens, twice as long each time. A
 * writer that fills half of a ring before a look that was not put there by how it fills is quicker than was known, and
 * wakes us; so does each where we come too late whatever we do.
 */
enum collector_sleep pace_rest(struct pace *pace, uint64_t bytes, uint64_t now)
{
	const struct growth *growth = &pace->growth;
	uint64_t longest = rest_longest(pace), due = pace->due;
	bool dozes = false;

	pace->sleep *= 2;
	if (growth->bytes) {
		uint64_t left = bytes < due ? (due - bytes) * growth->elapsed / growth->bytes : 0;
		uint64_t used = now - pace->looked_at + pace->late;
		pace->sleep = left > used ? left - used : 0;
		dozes = left > used && pace->sleep <= longest && pace->full_policy == FULL_WAIT;
	}
	if (pace->sleep < SLEEP_MIN)
		pace->sleep = SLEEP_MIN;
	if (pace->sleep > longest)
		pace->sleep = longest;
	pace->woken_at = now + pace->sleep;
	return dozes ? COLLECTOR_DOZES : COLLECTOR_ASLEEP;
}
