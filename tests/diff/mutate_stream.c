// SPDX-License-Identifier: MIT
/*
 * Streams that arrive in other pieces: what was read at once is read in two calls, and the other way round.
 */
#include "tests/diff/mutate_parts.h"

/* A plain reading of a stream: no flags, and nothing beside the bytes came along. */
static bool is_plain_reading(const struct draft *draft, const struct draft_event *event)
{
	const struct event_item *payload = call_payload(&event->event);

	if (!call_acts(draft, event) || !call_is_on_stream(draft, event) || !payload || call_sends(&event->event) ||
	    call_value(&event->event, payload->arg).kind != KIND_BYTES ||
	    (uint64_t)event->event.result != payload->total)
		return false;
	for (unsigned arg = 0; arg < event->event.call->argc; arg++)
		if (call_value(&event->event, arg).kind == KIND_FLAGS && event->event.args[arg])
			return false;
	return true;
}

static bool fits_split(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);

	return is_plain_reading(mutate->draft, event) && event->event.result > 1 && call_payload(&event->event)->size &&
	       mutate_random(mutate, 2);
}

static void take_piece(struct draft *draft, struct draft_event *event, uint32_t from, uint32_t to)
{
	size_t which = (size_t)(call_payload(&event->event) - event->event.items);
	struct event_item *payload = &draft_items(draft, &event->event)[which];

	*payload = payload_piece(payload, from, to);
	event->event.result = to - from;
}

static void split(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place);
	struct draft_event *rest = draft_event_copy(mutate->draft, event);
	const struct event_item *payload = call_payload(&event->event);
	uint32_t total = payload->total, most = payload->size < total ? payload->size : total - 1;
	uint32_t size = 1 + (uint32_t)mutate_random(mutate, most);
	struct change *change = mutate_note(mutate, event, "result");

	snprintf(change->was, sizeof(change->was), "%u", total);
	snprintf(change->is, sizeof(change->is), "%u + %u", size, total - size);
	take_piece(mutate->draft, event, 0, size);
	take_piece(mutate->draft, rest, size, total);
	rest->event.duration = event->event.duration - event->event.duration / 2;
	event->event.duration /= 2;
	rest->event.enter = event_end(event);
	draft_insert(mutate->draft, place.stream, place.at + 1, rest);
}

/* How much there was room for: the only size among the arguments. */
static uint64_t room_of(const struct event *event)
{
	for (unsigned arg = 0; arg < event->call->argc; arg++) {
		struct value_spec value = call_value(event, arg);
		if (value.kind == KIND_SIZE && !value.direction)
			return event->args[arg];
	}
	return 0;
}

static bool fits_join(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);
	const struct draft_event *next = place_next(mutate->draft, place);

	return next && event->was != DRAFT_NEW && next->was != DRAFT_NEW && event->object == next->object &&
	       event->event.call == next->event.call && is_plain_reading(mutate->draft, event) &&
	       is_plain_reading(mutate->draft, next) &&
	       (uint64_t)(event->event.result + next->event.result) <= room_of(&event->event) &&
	       mutate_random(mutate, 2);
}

static void join(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place), *next = place_next(mutate->draft, place);
	const struct event_item *first = call_payload(&event->event);
	size_t which = (size_t)(first - event->event.items);
	struct event_item joined = payload_join(mutate->draft, first, call_payload(&next->event),
						trace_head(mutate->draft->trace)->payload_limit);
	struct change *change = mutate_note(mutate, event, "result");

	draft_items(mutate->draft, &event->event)[which] = joined;
	snprintf(change->was, sizeof(change->was), "%ld + %ld", (long)event->event.result, (long)next->event.result);
	event->event.result += next->event.result;
	snprintf(change->is, sizeof(change->is), "%ld", (long)event->event.result);
	event->event.duration = event_end(next) - event->event.enter;
	draft_remove(mutate->draft, place.stream, place.at + 1);
}

void mutate_segmentation(struct mutate *mutate)
{
	mutate_places(mutate, UINT32_MAX, fits_join, join);
	mutate_places(mutate, UINT32_MAX, fits_split, split);
}
