// SPDX-License-Identifier: MIT
/*
 * Reads the words of conversations off events.
 */
#include "reader/talk_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reader/json.h"

/* What a call tells about an object; to be completed and handed to talk_tell(). */
static struct talk_word word_of(struct talks *talks, const struct event *event, struct object *object,
				struct talk *talk, uint8_t side)
{
	struct talk_word word = {.talk = talk, .side = side, .teller = side, .time = event->enter};

	word.by = (struct talk_call){.enter = event->enter, .call = event->call};
	event_caller(event, &word.by.pid, &word.by.tid);
	if (talks->sink->describe)
		talks->sink->describe(talks->sink->context, event, object, &word.text);
	return word;
}

static uint64_t end_of(const struct event *event)
{
	return event->enter + event->duration < event->enter ? UINT64_MAX : event->enter + event->duration;
}

/* Addresses as they are known by now. */
static void ends_note(struct talk *talk, uint8_t side, const struct object *object)
{
	if (object_local(object)->family)
		talk->ends[side] = *object_local(object);
	if (!talk->is_addressed && object_remote(object)->family && !talk->ends[!side].family)
		talk->ends[!side] = *object_remote(object);
}

static int tell_simply(struct talks *talks, const struct event *event, struct object *object, enum talk_sort sort,
		       bool by_other, uint64_t time)
{
	struct talk_word word;
	uint8_t side;
	struct talk *talk = talk_make(talks, object, by_other, &side);

	if (!talk)
		return talks->error;
	ends_note(talk, side, object);
	word = word_of(talks, event, object, talk, side);
	word.sort = sort;
	word.time = time;
	word.side ^= by_other;
	word.is_heard = by_other;
	return talk_tell(talks, &word);
}

/* ---- beginnings and ends ---------------------------------------------------------------------------------------- */

static const struct event_item *find_item(const struct event *event, enum item_form form, unsigned index)
{
	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].form == form && event->items[i].index == index)
			return &event->items[i];
	return NULL;
}

/* Whether the address that a call was given is where the socket wants to go now, and not its own. */
static bool is_destination(const struct event *event, const struct object *object)
{
	const struct event_item *item = find_item(event, ITEM_ADDRESS, 0);
	const struct endpoint *remote = object_remote(object);
	struct endpoint given;

	if (!item || !remote->family || object->origin)
		return false;
	given = endpoint_parse(item->bytes, item->size);
	return endpoint_is_named(&given) && given.family == remote->family && given.port == remote->port &&
	       !strcmp(given.path, remote->path);
}

static bool is_under_way(int error)
{
	return error == EINPROGRESS || error == EALREADY || error == EINTR || error == EAGAIN;
}

static int read_connect(struct talks *talks, const struct event *event, struct object *object)
{
	bool is_made = (!event->error && event->outcome == OUTCOME_RETURNED) || event->error == EISCONN;
	bool is_refused = event->error == ECONNREFUSED || (event->error && object->family == AF_UNIX);
	int rc;

	if (object->socket_type == SOCK_DGRAM ||
	    (event->error && !is_made && !is_refused && !is_under_way(event->error) && event->error != ETIMEDOUT))
		return 0;
	is_refused &= !is_made && !is_under_way(event->error);
	rc = tell_simply(talks, event, object, TALK_ASKED, false, event->enter);
	if (!rc && (is_made || is_refused))
		rc = tell_simply(talks, event, object, is_made ? TALK_MADE : TALK_REFUSED, false, end_of(event));
	if (!rc && is_refused && object->tag)
		talk_leave(talks, object);
	return rc;
}

static int read_shutdown(struct talks *talks, const struct event *event, const struct talk_use *use,
			 struct object *object)
{
	if (event->error || event->outcome != OUTCOME_RETURNED || (uint32_t)event->args[use->how] == use->shut_read)
		return 0;
	return tell_simply(talks, event, object, TALK_ENDED, false, event->enter);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

static int tell_bytes(struct talks *talks, const struct event *event, struct object *object, bool is_heard,
		      const struct event_item *item, uint64_t size)
{
	const struct event_item *address;
	struct talk_word word;
	uint8_t side;
	struct talk *talk = talk_make(talks, object, is_heard, &side);

	if (!talk)
		return talks->error;
	ends_note(talk, side, object);
	word = word_of(talks, event, object, talk, side);
	word.sort = TALK_BYTES;
	word.side ^= is_heard;
	word.is_heard = is_heard;
	word.time = is_heard ? end_of(event) : event->enter;
	word.by.flow = is_heard ? 0 : ++talks->flows;
	word.size = size;
	word.is_moved = !item;
	if (item) {
		word.bytes = item->bytes;
		word.kept = item->size < size ? item->size : (uint32_t)size;
		word.hash = item->hash;
	}
	if (talk->is_addressed) {
		address = find_item(event, ITEM_ADDRESS, item ? item->index : 0);
		*(is_heard ? &word.from : &word.to) =
			address ? endpoint_parse(address->bytes, address->size) : *object_remote(object);
	}
	return talk_tell(talks, &word);
}

/* Whether the call has read that the other side says nothing more. */
static bool is_end(const struct event *event, const struct talk_use *use, const struct object *object)
{
	return use->flow.direction == FLOW_RECEIVED && use->flow.bytes == FLOW_BYTES_RESULT && !event->result &&
	       object->socket_type != SOCK_DGRAM && (use->size < 0 || event->args[use->size]);
}

static int read_payload(struct talks *talks, const struct event *event, const struct talk_use *use,
			struct object *object)
{
	bool is_heard = use->flow.direction == FLOW_RECEIVED, is_datagram = object->socket_type == SOCK_DGRAM;
	bool is_seen = false;
	int rc = 0;

	if (event->error == ECONNRESET && object->tag)
		return tell_simply(talks, event, object, TALK_BROKEN, true, end_of(event));
	if (event->error || event->outcome != OUTCOME_RETURNED)
		return 0;
	if (is_end(event, use, object))
		return object->tag || object->type == OBJECT_PIPE
			       ? tell_simply(talks, event, object, TALK_ENDED, true, end_of(event))
			       : 0;
	if (use->flags >= 0 && event->args[use->flags] & use->peek)
		return 0;
	for (uint32_t i = 0; !rc && i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_PAYLOAD || (!item->total && !is_datagram))
			continue;
		is_seen = true;
		rc = tell_bytes(talks, event, object, is_heard, item, item->total);
	}
	if (!rc && !is_seen && flow_count(&use->flow, event))
		rc = tell_bytes(talks, event, object, is_heard, NULL, flow_count(&use->flow, event));
	return rc;
}

/* sendfile, splice: bytes that nobody saw. */
static int read_moved(struct talks *talks, const struct event *event, const struct talk_use *use)
{
	uint64_t size = flow_count(&use->flow, event);
	uint32_t pid = identity_event_pid(event);
	struct object *to, *from;
	int rc = 0;

	if (!size)
		return 0;
	from = identity_object(talks->identities, pid, KIND_FD, event->args[use->flow.from]);
	to = identity_object(talks->identities, pid, KIND_FD, event->args[use->flow.to]);
	if (to)
		rc = tell_bytes(talks, event, to, false, NULL, size);
	if (!rc && from)
		rc = tell_bytes(talks, event, from, true, NULL, size);
	return rc;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static int read_event(struct talks *talks, const struct event *event, const struct talk_use *use)
{
	struct object *object, *made = use->makes ? identity_result(talks->identities) : NULL;

	if (made && made->origin && made->type == OBJECT_SOCKET && !made->tag)
		return tell_simply(talks, event, made, TALK_MADE, false, end_of(event));
	if (use->flow.direction == FLOW_MOVED)
		return read_moved(talks, event, use);
	if (use->fd < 0 || (use->flow.direction == FLOW_NONE && use->how < 0 && !use->takes_place))
		return 0;
	object = identity_object(talks->identities, identity_event_pid(event), KIND_FD, event->args[(unsigned)use->fd]);
	if (!object)
		return 0;
	if (use->takes_place)
		return is_destination(event, object) ? read_connect(talks, event, object) : 0;
	if (use->how >= 0)
		return object->tag ? read_shutdown(talks, event, use, object) : 0;
	return read_payload(talks, event, use, object);
}

/* A descriptor goes with the call; whether its object went with it, the next event shows. */
static void note_closing(struct talks *talks, const struct event *event, const struct talk_use *use)
{
	struct object *object;

	if (use->gone < 0)
		return;
	object = identity_object(talks->identities, identity_event_pid(event), KIND_FD,
				 event->args[(unsigned)use->gone]);
	if (!object || !object->tag)
		return;
	talks->closing = object;
	talks->closer = (struct talk_call){.enter = event->enter, .call = event->call};
	event_caller(event, &talks->closer.pid, &talks->closer.tid);
	talks->closer_text.size = 0;
	if (talks->sink->describe)
		talks->sink->describe(talks->sink->context, event, object, &talks->closer_text);
}

static int tell_closed(struct talks *talks, struct object *object)
{
	struct talk_word word = {.sort = TALK_ENDED, .time = talks->now};
	struct talk *talk = talk_of(object, &word.side);

	if (!talk || talk->is_addressed)
		return 0;
	word.talk = talk;
	word.teller = word.side;
	if (talks->closing == object) {
		word.by = talks->closer;
		word.time = talks->closer.enter;
		text_add(&word.text, talks->closer_text.bytes, talks->closer_text.size);
	}
	return talk_tell(talks, &word);
}

/* Nothing means it any more; or the trace is over, and it is still open. */
static void note_gone(void *context, struct object *object)
{
	struct talks *talks = context;
	int rc = 0;

	if (!object->tag)
		return;
	if (!object->refs)
		rc = tell_closed(talks, object);
	talk_leave(talks, object);
	if (talks->closing == object)
		talks->closing = NULL;
	if (rc)
		talks->error = rc;
}

int talks_observe(struct talks *talks, const struct event *event, bool wanted)
{
	const struct talk_use *use = &talks->uses[event->call - event->catalogue->calls];
	int rc = 0;

	/* One end is closed, and the other is not. */
	if (talks->closing && !talks->closing->refs)
		rc = tell_closed(talks, talks->closing);
	talks->closing = NULL;
	talks->now = event->enter;
	if (!rc)
		rc = talk_deliver(talks, event->enter);
	if (!rc && wanted)
		rc = read_event(talks, event, use);
	if (!rc)
		note_closing(talks, event, use);
	return rc ? rc : talks->error;
}

int talks_finish(struct talks *talks)
{
	identity_finish(talks->identities);
	return talk_deliver(talks, UINT64_MAX);
}

int talks_new(struct talks **talks, const struct catalogue *catalogue, struct identities *identities,
	      const struct talk_sink *sink)
{
	struct talks *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->identities = identities;
	made->sink = sink;
	if (talk_uses_make(made, catalogue)) {
		free(made);
		return -ENOMEM;
	}
	identity_watch(identities, note_gone, made);
	*talks = made;
	return 0;
}
