// SPDX-License-Identifier: MIT
/*
 * How recorded connections begin and end, who they are with, and what was answered about them. Only these calls are
 * known by their names.
 */
#include "replay/conversation_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* ---- addresses ---------------------------------------------------------------------------------------------- */

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

/* ---- how connections begin, and what is asked about them ---------------------------------------------------- */

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
	socket->tag = tag_of(TAG_CONVERSATION, made->number);
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
		socket->tag = tag_of(TAG_LISTENER, to->listeners_count - 1);
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

/* ---- the calls ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*apply)(struct reading *reading, const struct event *event, struct object *socket);
} appliers[] = {
	{"connect", apply_connect},  {"accept", apply_accept},	   {"accept4", apply_accept},
	{"bind", apply_listener},    {"listen", apply_listener},   {"getsockname", apply_name},
	{"getpeername", apply_name}, {"getsockopt", apply_option}, {"shutdown", apply_shutdown},
};

int (*conversation_applier(const char *name))(struct reading *reading, const struct event *event, struct object *socket)
{
	for (size_t i = 0; i < sizeof(appliers) / sizeof(appliers[0]); i++)
		if (!strcmp(appliers[i].name, name))
			return appliers[i].apply;
	return NULL;
}
