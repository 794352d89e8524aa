// SPDX-License-Identifier: MIT
/*
 * See conversation.h. Which way bytes go is read off the rows of the catalogue; only what begins, ends or asks about a
 * connection is known by its name.
 */
#include "replay/conversation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reader/flow.h"
#include "reader/identity.h"
#include "reader/line.h"

struct reading;

/* What is known of a call once and for all; -1: there is no such argument. */
struct call_use {
	struct flow flow;
	int8_t fd;    /* the first descriptor */
	int8_t flags; /* msg_flags */
	uint64_t peek;
	int (*apply)(struct reading *reading, const struct event *event, struct object *socket);
};

struct reading {
	struct conversations *to;
	struct trace *trace;
	struct identities *identities;
	const struct catalogue *catalogue;
	struct call_use *uses; /* by number of the call */
	uint64_t now;	       /* ticks of the event being read */
	int error;
};

/* The tag of an object: a conversation, or a listener. */
#define TAG_LISTENER (1ull << 32)

/* ---- growing ---------------------------------------------------------------------------------------------------- */

/* One more element at the end of an array that grows by doubling; NULL without memory. */
static void *array_add(void **array, uint32_t *count, size_t size)
{
	if (!(*count & (*count - 1))) {
		void *grown = reallocarray(*array, *count ? 2 * (size_t)*count : 1, size);
		if (!grown)
			return NULL;
		*array = grown;
	}
	return memset((char *)*array + (*count)++ * size, 0, size);
}

static struct conversation *conversation_of(const struct reading *reading, const struct object *socket)
{
	return socket && socket->tag && socket->tag < TAG_LISTENER ? &reading->to->list[socket->tag - 1] : NULL;
}

static struct recorded_listener *listener_of(const struct reading *reading, const struct object *socket)
{
	return socket && socket->tag > TAG_LISTENER ? &reading->to->listeners[socket->tag - TAG_LISTENER - 1] : NULL;
}

static int message_add(struct conversation *conversation, const struct message *message)
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

/* Kept bytes, then zeros for those that were not. 0 or -ENOMEM. */
static int bytes_add(struct conversation *conversation, enum stream_direction direction, uint64_t time,
		     const uint8_t *bytes, uint64_t size, uint64_t total)
{
	struct text *stream = &conversation->streams[direction];
	struct message message = {
		.direction = direction, .sort = MESSAGE_BYTES, .time = time, .offset = stream->size, .size = total};
	char *room = text_room(stream, total);

	if (!room)
		return -ENOMEM;
	if (size)
		memcpy(room, bytes, size);
	memset(room + size, 0, total - size);
	stream->size += total;
	if (hole_add(conversation, direction, message.offset + size, total - size))
		return -ENOMEM;
	return message_add(conversation, &message);
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

static void address_keep(struct recorded_address *address, const struct event_item *item)
{
	if (!item || item->size > sizeof(address->bytes))
		return;
	address->size = item->size;
	memcpy(address->bytes, item->bytes, item->size);
}

/* The first item of a form, whatever argument it belongs to. */
static const struct event_item *item_of(const struct event *event, enum item_form form)
{
	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].form == form)
			return &event->items[i];
	return NULL;
}

static void endpoint_keep(struct endpoint *endpoint, const struct recorded_address *address)
{
	if (address->size)
		*endpoint = endpoint_parse(address->bytes, address->size);
}

/* ---- how connections begin, and what is asked about them -------------------------------------------------------- */

static struct conversation *conversation_new(struct reading *reading, const struct event *event, struct object *socket,
					     enum conversation_role role)
{
	struct conversations *to = reading->to;
	struct conversation *made = array_add((void **)&to->list, &to->count, sizeof(*made));

	if (!made)
		return NULL;
	made->number = to->count - 1;
	made->role = role;
	made->family = socket->family;
	made->type = socket->socket_type;
	made->is_datagram = socket->socket_type == SOCK_DGRAM;
	made->pid = identity_event_pid(event);
	made->tid = event->tid;
	made->begin = event->enter;
	socket->tag = to->count;
	return made;
}

static bool is_under_way(int error)
{
	return error == EINPROGRESS || error == EALREADY || error == EINTR;
}

/* Whether another connect() on the same socket begins something new: the last one failed, or named no connection. */
static bool begins_anew(const struct conversation *conversation)
{
	return conversation->is_datagram || (conversation->connect_error && !is_under_way(conversation->connect_error));
}

static int apply_connect(struct reading *reading, const struct event *event, struct object *socket)
{
	struct conversation *conversation = conversation_of(reading, socket);

	if (conversation && !begins_anew(conversation)) {
		if (event->error && !is_under_way(event->error) && event->error != EISCONN)
			conversation->late_error = event->error;
		return 0;
	}
	conversation = conversation_new(reading, event, socket, CONVERSATION_CLIENT);
	if (!conversation)
		return -ENOMEM;
	conversation->connect_error = event->error;
	address_keep(&conversation->remote_address, item_of(event, ITEM_ADDRESS));
	address_keep(&conversation->local_address, item_of(event, ITEM_LOCAL));
	endpoint_keep(&conversation->remote, &conversation->remote_address);
	endpoint_keep(&conversation->local, &conversation->local_address);
	if (!conversation->family)
		conversation->family = conversation->remote.family;
	return 0;
}

static int apply_accept(struct reading *reading, const struct event *event, struct object *listening)
{
	struct object *socket = identity_result(reading->identities);
	struct recorded_listener *listener = listener_of(reading, listening);
	struct conversation *conversation;

	if (event->result < 0 || !socket || socket->tag)
		return 0;
	conversation = conversation_new(reading, event, socket, CONVERSATION_SERVER);
	if (!conversation)
		return -ENOMEM;
	conversation->begin += event->duration;
	address_keep(&conversation->remote_address, item_of(event, ITEM_ADDRESS));
	address_keep(&conversation->remote_address, item_of(event, ITEM_PEER));
	address_keep(&conversation->local_address, item_of(event, ITEM_LOCAL));
	endpoint_keep(&conversation->remote, &conversation->remote_address);
	endpoint_keep(&conversation->local, &conversation->local_address);
	if (!conversation->family)
		conversation->family = conversation->local.family;
	if (listener)
		listener->conversations++;
	return 0;
}

/* bind() and listen(): the first that is seen of a listener makes it. */
static int apply_listener(struct reading *reading, const struct event *event, struct object *socket)
{
	struct conversations *to = reading->to;
	struct recorded_listener *listener = listener_of(reading, socket);

	if (!listener && !socket->tag) {
		listener = array_add((void **)&to->listeners, &to->listeners_count, sizeof(*listener));
		if (!listener)
			return -ENOMEM;
		socket->tag = TAG_LISTENER + to->listeners_count;
	}
	if (!listener)
		return 0;
	address_keep(&listener->asked, item_of(event, ITEM_ADDRESS));
	address_keep(&listener->got, item_of(event, ITEM_LOCAL));
	endpoint_keep(&listener->local, listener->got.size ? &listener->got : &listener->asked);
	listener->error = event->error;
	return 0;
}

static int apply_name(struct reading *reading, const struct event *event, struct object *socket)
{
	struct conversation *conversation = conversation_of(reading, socket);
	struct recorded_listener *listener = listener_of(reading, socket);

	if (event->error)
		return 0;
	if (listener) {
		address_keep(&listener->got, item_of(event, ITEM_ADDRESS));
		endpoint_keep(&listener->local, &listener->got);
	} else if (conversation && !strcmp(event->call->name, "getsockname")) {
		address_keep(&conversation->local_address, item_of(event, ITEM_ADDRESS));
		endpoint_keep(&conversation->local, &conversation->local_address);
	}
	return 0;
}

static int apply_option(struct reading *reading, const struct event *event, struct object *socket)
{
	struct conversation *conversation = conversation_of(reading, socket);
	const struct event_item *item = event_item(event, 3, ITEM_RAW, 0);
	struct recorded_option *option;
	int value = 0;

	if (!conversation || event->error || !item || item->size > sizeof(option->bytes))
		return 0;
	option = array_add((void **)&conversation->options, &conversation->options_count, sizeof(*option));
	if (!option)
		return -ENOMEM;
	option->level = (int32_t)event->args[1];
	option->name = (int32_t)event->args[2];
	option->size = item->size;
	memcpy(option->bytes, item->bytes, item->size);
	if (option->level == SOL_SOCKET && option->name == SO_ERROR && item->size == sizeof(value)) {
		memcpy(&value, item->bytes, sizeof(value));
		if (value && !conversation->messages_count)
			conversation->late_error = value;
	}
	return 0;
}

static int apply_shutdown(struct reading *reading, const struct event *event, struct object *socket)
{
	struct conversation *conversation = conversation_of(reading, socket);
	const struct message end = {.direction = STREAM_OUT, .sort = MESSAGE_END, .time = event->enter};

	if (!conversation || event->error || (int)event->args[1] == SHUT_RD)
		return 0;
	return message_add(conversation, &end);
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

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
	uint64_t size = event->result > 0 ? (uint64_t)event->result : 0;

	if (to && size && bytes_add(to, STREAM_OUT, event->enter, NULL, 0, size))
		return -ENOMEM;
	if (from && size && bytes_add(from, STREAM_IN, event->enter + event->duration, NULL, 0, size))
		return -ENOMEM;
	return 0;
}

static int read_bytes(struct reading *reading, const struct event *event, const struct call_use *use,
		      struct conversation *conversation)
{
	bool is_sent = use->flow.direction == FLOW_SENT;
	enum stream_direction direction = is_sent ? STREAM_OUT : STREAM_IN;
	uint64_t time = is_sent ? event->enter : event->enter + event->duration;
	const struct message end = {.direction = direction, .sort = MESSAGE_END, .time = time};

	if (event->error || event->outcome != OUTCOME_RETURNED)
		return read_failure(conversation, event);
	if (use->flags >= 0 && event->args[use->flags] & use->peek)
		return 0;
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form == ITEM_CONTROL && !is_sent)
			conversation->has_descriptors = true;
		if (item->form == ITEM_PAYLOAD && (item->total || conversation->is_datagram) &&
		    bytes_add(conversation, direction, time, item->bytes, item->size, item->total))
			return -ENOMEM;
	}
	if (!is_sent && !event->result && !conversation->is_datagram)
		return message_add(conversation, &end);
	return 0;
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
	if (!socket || (socket->type != OBJECT_SOCKET && !use->apply))
		return 0;
	conversation = conversation_of(reading, socket);
	if (conversation && socket->peer)
		conversation->is_internal = true;
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
	conversation->is_internal |= object->peer != NULL;
	object_print(object, name, sizeof(name));
	conversation->name = strdup(name);
	if (!conversation->name || message_add(conversation, &end))
		reading->error = -ENOMEM;
}

/* ---- the calls --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*apply)(struct reading *reading, const struct event *event, struct object *socket);
} appliers[] = {
	{"connect", apply_connect},  {"accept", apply_accept},	   {"accept4", apply_accept},
	{"bind", apply_listener},    {"listen", apply_listener},   {"getsockname", apply_name},
	{"getpeername", apply_name}, {"getsockopt", apply_option}, {"shutdown", apply_shutdown},
};

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
		for (size_t k = 0; k < sizeof(appliers) / sizeof(appliers[0]); k++)
			if (!strcmp(appliers[k].name, call->name))
				use->apply = appliers[k].apply;
	}
	return 0;
}

/* ---- after the last event ---------------------------------------------------------------------------------------- */

static int compare_messages(const void *a, const void *b)
{
	const struct message *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	if (left->direction != right->direction)
		return left->direction < right->direction ? -1 : 1;
	if (left->sort != right->sort)
		return left->sort < right->sort ? -1 : 1;
	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* One end a direction, and of a stream one message a turn. Threads that read in turns may have swapped bytes in time.
 */
static void messages_settle(struct conversation *conversation)
{
	uint32_t kept = 0;
	bool ended[2] = {false, false};

	if (conversation->messages_count)
		qsort(conversation->messages, conversation->messages_count, sizeof(*conversation->messages),
		      compare_messages);
	for (uint32_t i = 0; i < conversation->messages_count; i++) {
		struct message *message = &conversation->messages[i], *last;
		if (message->sort != MESSAGE_BYTES) {
			if (ended[message->direction])
				continue;
			ended[message->direction] = true;
		}
		last = kept ? &conversation->messages[kept - 1] : NULL;
		if (last && !conversation->is_datagram && message->sort == MESSAGE_BYTES &&
		    last->sort == MESSAGE_BYTES && last->direction == message->direction &&
		    last->offset + last->size == message->offset) {
			last->size += message->size;
			continue;
		}
		conversation->messages[kept++] = *message;
	}
	conversation->messages_count = kept;
}

static bool looks_like_tls(const struct text *stream)
{
	return stream->size >= 3 && (uint8_t)stream->bytes[0] == 0x16 && stream->bytes[1] == 3 && stream->bytes[2] < 5;
}

/* The two ends of one connection, when identity never saw both alive. */
static bool is_other_end(const struct conversation *client, const struct conversation *server)
{
	return client->role == CONVERSATION_CLIENT && server->role == CONVERSATION_SERVER &&
	       endpoint_is_named(&client->local) && endpoint_equal(&client->local, &server->remote) &&
	       endpoint_equal(&client->remote, &server->local);
}

/* One that made way for another on the same socket. */
static int name_make(struct conversation *conversation)
{
	char place[160], name[192];

	if (conversation->name)
		return 0;
	endpoint_print(&conversation->remote, false, place, sizeof(place));
	snprintf(name, sizeof(name), "connection to %s", place);
	conversation->name = strdup(name);
	return conversation->name ? 0 : -ENOMEM;
}

static int conversations_settle(struct conversations *to)
{
	for (uint32_t i = 0; i < to->count; i++) {
		struct conversation *one = &to->list[i];
		messages_settle(one);
		if (name_make(one))
			return -ENOMEM;
		one->is_tls = looks_like_tls(&one->streams[STREAM_OUT]) || looks_like_tls(&one->streams[STREAM_IN]);
		for (uint32_t k = 0; k < to->count && one->role == CONVERSATION_CLIENT; k++)
			if (is_other_end(one, &to->list[k]))
				one->is_internal = to->list[k].is_internal = true;
	}
	for (uint32_t i = 0; i < to->count; i++)
		for (uint32_t k = 0; k < to->listeners_count; k++)
			if (to->list[i].role == CONVERSATION_SERVER && !to->list[i].is_internal &&
			    to->listeners[k].local.family && to->listeners[k].local.port == to->list[i].local.port &&
			    !strcmp(to->listeners[k].local.path, to->list[i].local.path))
				to->listeners[k].has_external = true;
	return 0;
}

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
	free(reading.uses);
	return rc;
}

void conversations_free(struct conversations *conversations)
{
	for (uint32_t i = 0; i < conversations->count; i++) {
		struct conversation *one = &conversations->list[i];
		for (int direction = STREAM_OUT; direction <= STREAM_IN; direction++) {
			text_free(&one->streams[direction]);
			free(one->holes[direction]);
		}
		free(one->name);
		free(one->messages);
		free(one->options);
	}
	free(conversations->list);
	free(conversations->listeners);
	*conversations = (struct conversations){0};
}

/* A listener for each place that conversations are accepted at, when none was recorded. */
static int listeners_make(struct conversations *to)
{
	for (uint32_t i = 0; i < to->count; i++) {
		const struct conversation *one = &to->list[i];
		struct recorded_listener *listener = NULL;
		if (one->role != CONVERSATION_SERVER || one->is_internal)
			continue;
		for (uint32_t k = 0; k < to->listeners_count && !listener; k++)
			if (endpoint_equal(&to->listeners[k].local, &one->local))
				listener = &to->listeners[k];
		if (!listener)
			listener = array_add((void **)&to->listeners, &to->listeners_count, sizeof(*listener));
		if (!listener)
			return -ENOMEM;
		listener->local = one->local;
		listener->got = one->local_address;
		listener->has_external = true;
	}
	return 0;
}

static void conversation_flip(struct conversation *one)
{
	struct text stream = one->streams[STREAM_OUT];
	struct hole *holes = one->holes[STREAM_OUT];
	uint32_t count = one->holes_count[STREAM_OUT];
	struct recorded_address address = one->local_address;
	struct endpoint end = one->local;

	one->streams[STREAM_OUT] = one->streams[STREAM_IN];
	one->streams[STREAM_IN] = stream;
	one->holes[STREAM_OUT] = one->holes[STREAM_IN];
	one->holes[STREAM_IN] = holes;
	one->holes_count[STREAM_OUT] = one->holes_count[STREAM_IN];
	one->holes_count[STREAM_IN] = count;
	one->local_address = one->remote_address;
	one->remote_address = address;
	one->local = one->remote;
	one->remote = end;
	one->role = CONVERSATION_SERVER;
	for (uint32_t i = 0; i < one->messages_count; i++)
		one->messages[i].direction = one->messages[i].direction == STREAM_OUT ? STREAM_IN : STREAM_OUT;
}

int conversations_flip(struct conversations *conversations)
{
	for (uint32_t i = 0; i < conversations->count; i++) {
		if (conversations->list[i].role != CONVERSATION_CLIENT)
			continue;
		conversation_flip(&conversations->list[i]);
		conversations->list[i].is_internal = false;
	}
	return listeners_make(conversations);
}

bool conversations_are_whole(const struct conversations *conversations, char *reason, size_t size)
{
	uint32_t external = 0;

	for (uint32_t i = 0; i < conversations->count; i++) {
		const struct conversation *one = &conversations->list[i];
		uint64_t missing = one->is_internal ? 0 : conversation_missing(one, STREAM_IN);
		external += !one->is_internal;
		if (missing)
			snprintf(reason, size,
				 "%s: %lu of %lu received bytes are not in the trace; record with -s 1M, without "
				 "--redact",
				 one->name, (unsigned long)missing, (unsigned long)one->streams[STREAM_IN].size);
		else if (one->is_tls && !one->is_internal)
			snprintf(reason, size, "%s: it is TLS, whose keys are new in every run", one->name);
		if (missing || (one->is_tls && !one->is_internal))
			return false;
	}
	if (!external)
		snprintf(reason, size, "no connection to anybody who was not recorded as well");
	return external != 0;
}

uint64_t conversation_missing(const struct conversation *conversation, enum stream_direction direction)
{
	uint64_t missing = 0;

	for (uint32_t i = 0; i < conversation->holes_count[direction]; i++)
		missing += conversation->holes[direction][i].size;
	return missing;
}
