// SPDX-License-Identifier: MIT
/*
 * Waits for readiness: that a thread was woken, and until when it meant to wait at most. Who serves timers waits no
 * longer than until the next one; when there is so much to do that no wait times out, they are served all the same.
 */
#include "reader/canon_pass.h"
#include "reader/value.h"

#include <string.h>

#define NS_PER_MS 1000000ull
/* Programs round up to whole milliseconds what is left until a timer. */
#define ROUNDED_NS NS_PER_MS
/* Who waits longer waits for ever. */
#define SECONDS_MAX 1000000000ull

static const struct {
	const char *name;
	uint32_t ns; /* of its second field */
} time_structs[] = {{"timespec", 1}, {"timeval", 1000}};

/* ns; UINT64_MAX: as long as it takes, or not known. */
static uint64_t limit_of_struct(const struct event *event, const struct value_spec *value,
				const struct event_item *item)
{
	const struct struct_spec *layout = value_struct(event->catalogue, value);
	uint64_t words[2];

	for (unsigned i = 0; layout && layout->count == 2 && i < sizeof(time_structs) / sizeof(time_structs[0]); i++) {
		if (strcmp(layout->name, time_structs[i].name))
			continue;
		for (unsigned k = 0; k < 2; k++) {
			const struct field_spec *field = &layout->fields[k];
			if (field->offset + (size_t)field->value.width > item->size)
				return UINT64_MAX;
			words[k] = value_load(&field->value, item->bytes + field->offset, field->value.width);
		}
		return words[0] < SECONDS_MAX && words[1] < SECONDS_MAX
			       ? words[0] * 1000 * NS_PER_MS + words[1] * time_structs[i].ns
			       : UINT64_MAX;
	}
	return UINT64_MAX;
}

/* How long the wait may take at most, likewise. Of what the kernel overwrites it is what stood there before. */
static uint64_t limit_of(const struct canon_rule *rule, const struct event *event)
{
	if (rule->timeout < 0)
		return UINT64_MAX;
	const struct value_spec *value = &event->call->args[rule->timeout].value;
	if (value->direction == DIRECTION_NONE) {
		int32_t ms = (int32_t)event->args[rule->timeout];
		return ms < 0 ? UINT64_MAX : (uint64_t)ms * NS_PER_MS;
	}
	uint8_t form = value->direction == DIRECTION_INOUT ? ITEM_BEFORE : ITEM_RAW;
	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].arg == (unsigned)rule->timeout && event->items[i].form == form)
			return limit_of_struct(event, value, &event->items[i]);
	return UINT64_MAX;
}

void pass_note_wait(struct pass *pass, uint32_t thread, const struct canon_rule *rule, const struct event *event)
{
	struct pass_thread *own = &pass->threads[thread];
	uint64_t limit = limit_of(rule, event);
	double ticks = (double)limit / pass->ns_per_tick;

	own->is_woken = true;
	own->waits_until = event->enter + event->duration;
	/* Who gives it no time only looks: that nothing was there is no timer that went off. */
	own->is_timer = limit && event->result == 0 && event->outcome == OUTCOME_RETURNED;
	own->deadline = ticks < (double)(UINT64_MAX / 4) ? event->enter + (uint64_t)ticks : UINT64_MAX;
	/* Who need not wait does not say what for. */
	if (own->fold.is_open && own->registers_anew)
		own->fold.token.flags |= TOKEN_PRELUDE;
	pass->canon->threads[thread].dispatches = true;
}

bool pass_is_due(const struct pass *pass, uint32_t thread, uint64_t ticks)
{
	uint64_t deadline = pass->threads[thread].deadline;

	return deadline != UINT64_MAX && ticks + (uint64_t)((double)ROUNDED_NS / pass->ns_per_tick) >= deadline;
}
