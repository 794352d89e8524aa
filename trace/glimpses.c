// SPDX-License-Identifier: MIT
/* See glimpses.h. */
#include "trace/glimpses.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * So many are looked behind at once, which takes 45 to 60 us each: thousands of threads that wait for some tenths of a
 * second again and again must not keep the collector from its work. Those that hang get their turn.
 */
#define LOOKS_MAX 32u

struct glimpses_slot {
	uint64_t seen;		 /* the call in flight at the last look, by when it was entered; 0: none was */
	struct glimpse *glimpse; /* with as much memory as it has items */
};

struct glimpses {
	const struct live_area *area;
	const struct catalogue *catalogue;
	struct glimpse latest;
	uint32_t next; /* slot to begin with */
	struct glimpses_slot slots[LIVE_SLOTS_MAX];
};

int glimpses_new(struct glimpses **glimpses, const struct live_area *area, const struct catalogue *catalogue)
{
	struct glimpses *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->area = area;
	made->catalogue = catalogue;
	*glimpses = made;
	return 0;
}

void glimpses_free(struct glimpses *glimpses)
{
	if (!glimpses)
		return;
	for (uint32_t i = 0; i < LIVE_SLOTS_MAX; i++)
		free(glimpses->slots[i].glimpse);
	free(glimpses);
}

/* The innermost call in flight, by when it was entered; 0 when there is none. */
static uint64_t call_waiting(const struct live_slot *slot)
{
	uint32_t depth = __atomic_load_n(&slot->in_flight_depth, __ATOMIC_RELAXED);

	if (!depth || depth > LIVE_IN_FLIGHT_MAX || !live_slot_owner(slot))
		return 0;
	return __atomic_load_n(&slot->in_flight[depth - 1].enter, __ATOMIC_RELAXED);
}

static void slot_keep(struct glimpses_slot *mine, const struct glimpse *latest)
{
	size_t size = offsetof(struct glimpse, items) + latest->words * sizeof(latest->items[0]);

	free(mine->glimpse);
	mine->glimpse = malloc(size);
	if (mine->glimpse)
		memcpy(mine->glimpse, latest, size);
}

void glimpses_look(struct glimpses *glimpses, bool at_once)
{
	uint32_t used = live_area_used(glimpses->area), left = at_once ? used : LOOKS_MAX, begin = glimpses->next;

	for (uint32_t k = 0; k < used; k++) {
		uint32_t i = (begin + k) % used;
		const struct live_slot *slot = live_area_slot(glimpses->area, i);
		struct glimpses_slot *mine = &glimpses->slots[i];
		uint64_t enter = call_waiting(slot);
		bool is_long = enter && (enter == mine->seen || at_once);
		mine->seen = enter;
		if (!is_long || !left || (mine->glimpse && mine->glimpse->enter == enter))
			continue;
		if (!--left)
			glimpses->next = i + 1;
		glimpse_take(&glimpses->latest, glimpses->catalogue, slot);
		if (glimpses->latest.enter)
			slot_keep(mine, &glimpses->latest);
	}
}

const struct glimpse *glimpses_of(const struct glimpses *glimpses, uint32_t index)
{
	return glimpses->slots[index].glimpse;
}
