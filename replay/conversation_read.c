// SPDX-License-Identifier: MIT
/*
 * See conversation.h. Which way bytes go is read off the rows of the catalogue.
 */
#include "replay/conversation_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reader/line.h"
#include "reader/value.h"

/* Of one direction of a conversation, kept or not: they are held in memory. */
#define BYTES_MAX (1ull << 30)

int message_add(struct conversation *conversation, const struct message *message)
{
	struct message *added = array_add((void **)&conversation->messages, &conversation->messages_count,
					  sizeof(*conversation->messages));

	if (!added)
		return -ENOMEM;
	*added = *message;
	return 0;
}

static int hole_add(struct conversation *conversation, enum stream_direction direction, uint64_t offset, uint64_t size)
{
	struct hole *hole;

	if (!size)
		return 0;
	hole = array_add((void **)&conversation->holes[direction], &conversation->holes_count[direction],
			 sizeof(*hole));
	if (!hole)
		return -ENOMEM;
	*hole = (struct hole){offset, size};
	return 0;
}

/* Kept bytes, then zeros for those that were not; `like` says which way, when and with what. 0 or -ENOMEM. */
static int bytes_add(struct conversation *conversation, const struct message *like, const uint8_t *bytes, uint64_t size,
		     uint64_t total)
{
	struct text *stream = &conversation->streams[like->direction];
	struct message message = *like;
	char *room;

	if (total > BYTES_MAX - stream->size)
		return -EFBIG;
	room = text_room(stream, total);
	if (!room)
		return -ENOMEM;
	message.sort = MESSAGE_BYTES;
	message.offset = stream->size;
	message.size = total;
	if (size)
		memcpy(room, bytes, size);
	memset(room + size, 0, total - size);
	stream->size += total;
	if (hole_add(conversation, like->direction, message.offset + size, total - size))
		return -ENOMEM;
	return message_add(conversation, &message);
}

/* ---- what is said ------------------------------------------------------------------------------------------- */

static int read_failure(struct conversation *conversation, const struct event *event)
{
	struct message reset = {.direction = STREAM_IN, .sort = MESSAGE_RESET, .time = event->enter + event->duration};

	if (event->error != ECONNRESET)
		return 0;
	return message_add(conversation, &reset);
}

/* sendfile, splice: bytes that nobody saw. */
static int read_moved(struct reading *reading, const struct event *event, const struct flow *flow)
{
	uint32_t pid = identity_event_pid(event);
	struct conversation *to =
		conversation_of(reading, identity_object(reading->identities, pid, KIND_FD, event->args[flow->to]));
	struct conversation *from =
		conversation_of(reading, identity_object(reading->identities, pid, KIND_FD, event->args[flow->from]));
	const struct message sent = {.direction = STREAM_OUT, .time = event->enter},
			     received = {.direction = STREAM_IN, .time = event->enter + event->duration};
	uint64_t size = event->result > 0 ? (uint64_t)event->result : 0;
	int rc = 0;

	if (to && size)
		rc = bytes_add(to, &sent, NULL, 0, size);
	if (from && size && !rc)
		rc = bytes_add(from, &received, NULL, 0, size);
	return rc;
}

/* Notes the descriptors in a control message, until they are used. */
static int read_rights(struct reading *reading, const struct event *event, const struct event_item *item,
		       struct message *with)
{
	struct conversations *to = reading->to;
	struct control_message control;
	size_t at = 0;

	while (control_next(item->bytes, item->size, &at, &control)) {
		for (size_t k = 0;
		     control.level == SOL_SOCKET && control.type == SCM_RIGHTS && k + sizeof(int32_t) <= control.size;
		     k += sizeof(int32_t)) {
			uint64_t key = (uint64_t)identity_event_pid(event) << 32;
			int32_t fd;
			memcpy(&fd, control.data + k, sizeof(fd));
			if (!array_add((void **)&to->descriptors, &to->descriptors_count, sizeof(*to->descriptors)) ||
			    map_put(&reading->passed, key | (uint32_t)fd, (void *)(uintptr_t)to->descriptors_count))
				return -ENOMEM;
			if (!with->rights_count++)
				with->rights = to->descriptors_count - 1;
		}
	}
	return 0;
}

static int read_bytes(struct reading *reading, const struct event *event, const struct call_use *use,
		      struct conversation *conversation)
{
	bool is_sent = use->flow.direction == FLOW_SENT;
	struct message message = {.direction = is_sent ? STREAM_OUT : STREAM_IN,
				  .time = is_sent ? event->enter : event->enter + event->duration};
	int rc;

	if (event->error || event->outcome != OUTCOME_RETURNED)
		return read_failure(conversation, event);
	if (use->flags >= 0 && event->args[use->flags] & use->peek)
		return 0;
	for (uint32_t i = 0; i < event->items_count && !is_sent; i++)
		if (event->items[i].form == ITEM_CONTROL && !conversation->is_internal &&
		    read_rights(reading, event, &event->items[i], &message))
			return -ENOMEM;
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_PAYLOAD || (!item->total && !conversation->is_datagram))
			continue;
		rc = bytes_add(conversation, &message, item->bytes, item->size, item->total);
		if (rc)
			return rc;
		message.rights_count = 0;
	}
	if (is_sent || event->result || conversation->is_datagram)
		return 0;
	message.sort = MESSAGE_END;
	return message_add(conversation, &message);
}

/* What came in a message, and is used now: it is known by its object from here on. */
static void passed_find(struct reading *reading, const struct event *event, struct object *object, uint64_t fd)
{
	uint64_t key = (uint64_t)identity_event_pid(event) << 32 | (uint32_t)fd;
	uintptr_t passed = reading->passed.count ? (uintptr_t)map_take(&reading->passed, key) : 0;

	if (passed && !object->tag)
		object->tag = tag_of(TAG_DESCRIPTOR, (uint32_t)passed - 1);
}

static int read_passed(struct reading *reading, const struct event *event, const struct call_use *use,
		       const struct object *object)
{
	struct recorded_descriptor *descriptor = &reading->to->descriptors[tag_index(object)];

	descriptor->talks |= use->flow.direction == FLOW_SENT || !strcmp(event->call->family, "socket");
	for (uint32_t i = 0; i < event->items_count && use->flow.direction == FLOW_RECEIVED && !event->error; i++)
		if (event->items[i].form == ITEM_PAYLOAD)
			text_add(&descriptor->content, event->items[i].bytes, event->items[i].size);
	descriptor->is_ended |= use->flow.direction == FLOW_RECEIVED && !event->error && !event->result;
	return descriptor->content.failed ? -ENOMEM : 0;
}

static void peer_note(struct conversation *conversation, const struct object *socket)
{
	if (!socket->peer)
		return;
	conversation->is_internal = true;
	if (socket->peer->process)
		conversation->peer_pid = (uint32_t)socket->peer->process->number;
}

static int read_event(struct reading *reading, const struct event *event)
{
	const struct call_use *use = &reading->uses[event->call - event->catalogue->calls];
	struct conversation *conversation;
	struct object *socket;

	reading->now = event->enter;
	if (use->fd < 0 || (!use->apply && use->flow.direction == FLOW_NONE))
		return 0;
	if (use->flow.direction == FLOW_MOVED)
		return read_moved(reading, event, &use->flow);
	socket = identity_object(reading->identities, identity_event_pid(event), KIND_FD, event->args[use->fd]);
	if (!socket)
		return 0;
	passed_find(reading, event, socket, event->args[use->fd]);
	if (is_tagged(socket, TAG_DESCRIPTOR))
		return read_passed(reading, event, use, socket);
	if (socket->type != OBJECT_SOCKET && !use->apply)
		return 0;
	conversation = conversation_of(reading, socket);
	if (conversation)
		peer_note(conversation, socket);
	if (use->apply)
		return use->apply(reading, event, socket);
	if (conversation)
		return read_bytes(reading, event, use, conversation);
	if (!strncmp(socket->role, "socket", 6))
		reading->to->inherited += flow_count(&use->flow, event);
	return 0;
}

/* Nothing means it any more: the program has closed it, and its name is final. */
static void note_gone(void *context, struct object *object)
{
	struct reading *reading = context;
	struct conversation *conversation = conversation_of(reading, object);
	const struct message end = {.direction = STREAM_OUT, .sort = MESSAGE_END, .time = reading->now};
	char name[512];

	if (!conversation || conversation->name)
		return;
	peer_note(conversation, object);
	object_print(object, name, sizeof(name));
	conversation->name = strdup(name);
	if (!conversation->name || message_add(conversation, &end))
		reading->error = -ENOMEM;
}

/* ---- the calls ---------------------------------------------------------------------------------------------- */

static uint64_t peek_of(const struct catalogue *catalogue, const struct value_spec *value)
{
	if (value->kind != KIND_FLAGS || value->table >= catalogue->flags_count)
		return 0;
	for (unsigned i = 0; i < catalogue->flags[value->table].count; i++)
		if (!strcmp(catalogue->flags[value->table].rows[i].name, "MSG_PEEK"))
			return catalogue->flags[value->table].rows[i].value;
	return 0;
}

static int uses_make(struct reading *reading)
{
	const struct catalogue *catalogue = reading->catalogue;

	reading->uses = calloc(catalogue->calls_count + 1, sizeof(*reading->uses));
	if (!reading->uses)
		return -ENOMEM;
	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		struct call_use *use = &reading->uses[i];
		*use = (struct call_use){.flow = flow_of_call(call), .fd = -1, .flags = -1};
		for (int8_t arg = call->argc - 1; arg >= 0; arg--) {
			const struct value_spec *value = &call->args[arg].value;
			uint64_t peek = peek_of(catalogue, value);
			if (value->kind == KIND_FD && value->direction == DIRECTION_NONE)
				use->fd = arg;
			if (peek) {
				use->flags = arg;
				use->peek = peek;
			}
		}
		use->apply = conversation_applier(call->name);
	}
	return 0;
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

static int read_entries(struct reading *reading)
{
	struct trace_entry entry;
	int rc;

	while ((rc = trace_next(reading->trace, &entry)) == 0 && !reading->error) {
		rc = identity_feed(reading->identities, &entry);
		if (!rc && entry.kind == TRACE_EVENT) {
			reading->to->begin = reading->to->begin ? reading->to->begin : entry.ticks;
			reading->to->end = entry.ticks;
			rc = read_event(reading, entry.event);
		}
		if (rc)
			return rc;
	}
	if (reading->error || rc < 0)
		return reading->error ? reading->error : rc;
	reading->now = UINT64_MAX;
	identity_finish(reading->identities);
	return reading->error;
}

int conversations_read(struct conversations *conversations, struct trace *trace)
{
	struct reading reading = {.to = conversations, .trace = trace, .catalogue = trace_catalogue(trace)};
	int rc;

	*conversations = (struct conversations){0};
	rc = identity_new(&reading.identities, reading.catalogue);
	if (!rc) {
		identity_watch(reading.identities, note_gone, &reading);
		rc = uses_make(&reading);
	}
	if (!rc)
		rc = read_entries(&reading);
	if (!rc)
		rc = conversations_settle(conversations);
	identity_free(reading.identities);
	map_clear(&reading.passed);
	free(reading.uses);
	return rc;
}
