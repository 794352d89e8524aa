// SPDX-License-Identifier: MIT
/*
 * Changes that a program which behaves differently would make.
 */
#include "tests/diff/mutate_parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char *object_of(const struct mutate *mutate, const struct draft_event *event)
{
	return event->object ? mutate->draft->objects[event->object].name : "";
}

static void say(char *text, const char *said)
{
	snprintf(text, sizeof(((struct change *)0)->was), "%s", said);
}

static void say_number(char *text, int64_t number)
{
	snprintf(text, sizeof(((struct change *)0)->was), "%ld", (long)number);
}

/* ---- calls that are missing, or too many ------------------------------------------------------------------------ */

static bool fits_acting(struct mutate *mutate, struct place place)
{
	return call_acts(mutate->draft, place_event(mutate->draft, place));
}

/* Closing is something, too: what was not closed was left behind. */
static bool fits_drop(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);

	return fits_acting(mutate, place) ||
	       (call_counts(mutate->draft, event) && call_ends(&event->event) && !event->event.error);
}

static void drop(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place);
	struct change *change = mutate_note(mutate, event, call_ends(&event->event) ? "end" : "call");

	change->is_gone = true;
	say(change->was, event->event.call->name);
	draft_remove(mutate->draft, place.stream, place.at);
}

void mutate_drop(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_drop, drop);
}

/* Asking again for what has ended gives the same nothing again: that is no difference. */
static bool fits_duplicate(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);

	return fits_acting(mutate, place) && !event->event.error &&
	       (!call_payload(&event->event) || event->event.result > 0 || call_sends(&event->event));
}

/* The two share the time that the one took. */
static void halve(struct draft_event *first, struct draft_event *second)
{
	uint64_t duration = first->event.duration;

	first->event.duration = duration / 2;
	second->event.enter = first->event.enter + first->event.duration;
	second->event.duration = duration - first->event.duration;
}

static void duplicate(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place);
	struct draft_event *copy = draft_event_copy(mutate->draft, event);

	halve(event, copy);
	draft_insert(mutate->draft, place.stream, place.at + 1, copy);
	say(mutate_note(mutate, copy, "call")->is, copy->event.call->name);
}

void mutate_duplicate(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_duplicate, duplicate);
}

/* ---- two calls in the wrong order ------------------------------------------------------------------------------- */

static bool has_same_items(const struct event *a, const struct event *b)
{
	if (a->items_count != b->items_count)
		return false;
	for (uint32_t i = 0; i < a->items_count; i++) {
		const struct event_item *left = &a->items[i], *right = &b->items[i];
		if (left->form == ITEM_STACK && right->form == ITEM_STACK)
			continue;
		if (left->form != right->form || left->size != right->size || left->total != right->total ||
		    left->hash != right->hash || memcmp(left->bytes, right->bytes, left->size))
			return false;
	}
	return true;
}

/*
 * Whether it makes no difference which of them comes first: they say the same; or both take what comes, of which the
 * log cannot say that it came in another order; or the second takes what may have come at any time.
 */
static bool commute(const struct event *a, const struct event *b)
{
	bool a_takes = call_payload(a) && !call_sends(a), b_takes = call_payload(b) && !call_sends(b);

	return (b_takes && (a_takes || call_sends(a))) || (a->call == b->call && has_same_items(a, b));
}

/* Descriptors that are passed make what comes later mean other things: reordering them alone would make no sense. */
static bool passes_descriptors(const struct event *event)
{
	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].form == ITEM_CONTROL && event->items[i].size)
			return true;
	return false;
}

static bool fits_reorder(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);
	const struct draft_event *next = place_next(mutate->draft, place);

	return next && event->object == next->object && call_acts(mutate->draft, event) &&
	       call_acts(mutate->draft, next) && !event->event.error && !next->event.error &&
	       event_end(event) <= next->event.enter && !commute(&event->event, &next->event) &&
	       !passes_descriptors(&event->event) && !passes_descriptors(&next->event);
}

/* They change places; the first begins when the first did, and the second ends when the second did. */
static void reorder(struct mutate *mutate, struct place place)
{
	struct draft_event **pair = &mutate->draft->streams[place.stream].events[place.at];
	struct draft_event *later = pair[0], *earlier = pair[1];
	uint64_t begin = later->event.enter, end = event_end(earlier);
	struct change *change;

	pair[0] = earlier;
	pair[1] = later;
	earlier->event.enter = begin;
	later->event.enter = end - later->event.duration;
	change = mutate_note(mutate, earlier, "order");
	snprintf(change->was, sizeof(change->was), "%s, %s", later->event.call->name, earlier->event.call->name);
	snprintf(change->is, sizeof(change->is), "%s, %s", earlier->event.call->name, later->event.call->name);
}

void mutate_reorder(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_reorder, reorder);
}

/* ---- results ---------------------------------------------------------------------------------------------------- */

static bool fits_errno(struct mutate *mutate, struct place place)
{
	return fits_acting(mutate, place) &&
	       place_event(mutate->draft, place)->event.call->failure == FAILURE_MINUS_ONE;
}

/* A call that failed has filled nothing in. */
static void remove_output(struct draft *draft, struct event *event)
{
	struct event_item *items = draft_items(draft, event);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < event->items_count; i++) {
		bool is_output = items[i].arg < event->call->argc && items[i].form != ITEM_BEFORE &&
				 call_value(event, items[i].arg).direction == DIRECTION_OUT;
		if (!is_output)
			items[kept++] = items[i];
	}
	event->items_count = kept;
}

static void fail(struct mutate *mutate, struct place place)
{
	static const uint16_t errors[] = {EIO, ECONNRESET, EPIPE, EINVAL, EACCES, ENOMEM};
	struct draft_event *event = place_event(mutate->draft, place);
	struct change *change = mutate_note(mutate, event, "errno");
	uint16_t error = errors[mutate_random(mutate, sizeof(errors) / sizeof(errors[0]))];

	if (error == event->event.error)
		error = EBADMSG;
	say(change->was, event->event.error ? strerrorname_np(event->event.error) : "");
	say(change->is, strerrorname_np(error));
	remove_output(mutate->draft, &event->event);
	event->event.error = error;
	event->event.result = -1;
}

void mutate_errno(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_errno, fail);
}

/* The item of the draft's own that `payload` is in the event, to be changed. */
static struct event_item *own_payload(struct draft *draft, struct event *event)
{
	size_t which = (size_t)(call_payload(event) - event->items);

	return &draft_items(draft, event)[which];
}

/* A shorter transfer keeps what was transferred, so that has to be known. */
static bool fits_size(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);
	const struct event_item *payload = call_payload(&event->event);

	return fits_acting(mutate, place) && payload && !event->event.error && event->event.result > 1 &&
	       payload->total == (uint64_t)event->event.result && payload->size >= payload->total / 2;
}

/*
 * Half of it. What a program wanted to send is recorded whole when it stands in one buffer, what it received only as
 * far as it came.
 */
static void shorten(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place);
	struct change *change = mutate_note(mutate, event, "result");
	uint32_t size = (uint32_t)event->event.result / 2;
	const struct event_item *payload = call_payload(&event->event);

	say_number(change->was, event->event.result);
	say_number(change->is, size);
	event->event.result = size;
	if (!call_sends(&event->event) || call_value(&event->event, payload->arg).kind != KIND_BYTES) {
		struct event_item *own = own_payload(mutate->draft, &event->event);
		*own = payload_piece(own, 0, size);
	}
}

void mutate_size(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_size, shorten);
}

/* ---- contents --------------------------------------------------------------------------------------------------- */

/* Nothing that could be part of a number or a time: those are allowed to differ. */
static bool is_plain_byte(const struct event_item *item, uint32_t at)
{
	uint32_t from = at > 8 ? at - 8 : 0, to = at + 8 < item->size ? at + 8 : item->size;

	for (uint32_t i = from; i < to; i++)
		if (isdigit(item->bytes[i]))
			return false;
	return true;
}

static uint32_t find_plain_byte(struct mutate *mutate, const struct event_item *item)
{
	uint32_t start = (uint32_t)mutate_random(mutate, item->size ? item->size : 1);

	for (uint32_t i = 0; i < item->size; i++)
		if (is_plain_byte(item, (start + i) % item->size))
			return (start + i) % item->size;
	return UINT32_MAX;
}

static bool fits_payload(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);
	const struct event_item *payload = call_payload(&event->event);
	bool has_plain = false;

	/* another draw is no change */
	if (!strncmp(object_of(mutate, event), "file /dev/", 10))
		return false;
	if (!fits_acting(mutate, place) || !payload || event->event.error || event->event.result < 0)
		return false;
	for (uint32_t i = 0; i < payload->size && !has_plain; i++)
		has_plain = is_plain_byte(payload, i);
	return has_plain;
}

static void change_payload(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place);
	struct event_item *payload = own_payload(mutate->draft, &event->event);
	struct change *change = mutate_note(mutate, event, "payload");
	uint32_t at = find_plain_byte(mutate, payload);
	struct event_item copy = *payload;
	uint8_t *bytes = draft_bytes(mutate->draft, &copy);

	bytes[at] = bytes[at] == 'q' ? 'z' : 'q';
	snprintf(change->was, sizeof(change->was), "byte %u is 0x%02x", at, payload->bytes[at]);
	snprintf(change->is, sizeof(change->is), "byte %u is 0x%02x", at, bytes[at]);
	payload_replace(payload, bytes);
}

void mutate_payload(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_payload, change_payload);
}

/* ---- the wrong object ------------------------------------------------------------------------------------------- */

/* Looks in the process of the call for another object of the same sort that is in use at the time, and its descriptor.
 */
static const struct draft_event *find_other(const struct draft *draft, const struct draft_event *event)
{
	const struct draft_object *own = &draft->objects[event->object];

	for (size_t i = 0; i < draft->streams_count; i++) {
		const struct draft_stream *stream = &draft->streams[i];
		for (size_t at = 0; stream->pid == event->event.pid && at < stream->count; at++) {
			const struct draft_event *other = stream->events[at];
			const struct draft_object *object = &draft->objects[other->object];
			if (other->object != event->object && object->type == own->type &&
			    object->socket_type == own->socket_type && call_sends(&other->event) &&
			    call_acts(draft, other) && object->first < event->event.enter &&
			    object->last > event_end(event) && strcmp(object->name, own->name))
				return other;
		}
	}
	return NULL;
}

static bool fits_wrong_object(struct mutate *mutate, struct place place)
{
	const struct draft_event *event = place_event(mutate->draft, place);

	return fits_acting(mutate, place) && !event->event.error && call_sends(&event->event) &&
	       call_subject(&event->event) >= 0 && find_other(mutate->draft, event);
}

static void mistake_object(struct mutate *mutate, struct place place)
{
	struct draft_event *event = place_event(mutate->draft, place);
	const struct draft_event *other = find_other(mutate->draft, event);
	int arg = call_subject(&event->event);
	struct change *change = mutate_note(mutate, event, event->event.call->args[arg].name);

	say(change->was, object_of(mutate, event));
	say(change->is, object_of(mutate, other));
	event->event.args[arg] = other->event.args[call_subject(&other->event)];
	event->object = other->object;
}

void mutate_wrong_object(struct mutate *mutate)
{
	mutate_places(mutate, mutate->count, fits_wrong_object, mistake_object);
}
