// SPDX-License-Identifier: MIT
/*
 * What the timers of threads that serve connections do: as often as the run lasts, and whenever there is time for it,
 * between the work on one connection and another.
 */
#ifndef IPCTRACE_READER_DIFF_TIMER_H
#define IPCTRACE_READER_DIFF_TIMER_H

#include "reader/diff_pair.h"
#include "reader/map.h"

struct timer_actions {
	struct map index; /* of actions, to place + 1 */
	struct timer_sight *sights;
	uint32_t count, room;
};

/*
 * Finds them in both runs. `serving` has the classes of the threads that serve connections. 0 and `actions` to be freed
 * with timer_actions_free(), or -ENOMEM.
 */
int timer_actions_find(struct timer_actions *actions, const struct pairing *pairing, const struct map *serving);
void timer_actions_free(struct timer_actions *actions);

/* Whether `token` was done by a timer. */
bool timer_actions_have(const struct timer_actions *actions, const struct pairing *pairing, unsigned side,
			const struct canon_token *token);

#endif
