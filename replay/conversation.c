// SPDX-License-Identifier: MIT
/*
 * See conversation.h: what is made of conversations when all has been read.
 */
#include "replay/conversation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reader/map.h"

void *array_add(void **array, uint32_t *count, size_t size)
{
	if (!(*count & (*count - 1))) {
		void *grown = reallocarray(*array, *count ? 2 * (size_t)*count : 1, size);
		if (!grown)
			return NULL;
		*array = grown;
	}
	return memset((char *)*array + (*count)++ * size, 0, size);
}

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
		if (last && !conversation->is_datagram && conversation->type != SOCK_SEQPACKET &&
		    !message->rights_count && message->sort == MESSAGE_BYTES && last->sort == MESSAGE_BYTES &&
		    last->direction == message->direction && last->offset + last->size == message->offset) {
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
	return endpoint_is_named(&client->local) && endpoint_equal(&client->local, &server->remote) &&
	       endpoint_equal(&client->remote, &server->local);
}

static void internal_note(struct conversation *client, struct conversation *server)
{
	client->is_internal = server->is_internal = true;
	client->peer_pid = server->pid;
	server->peer_pid = client->pid;
}

/* The same for both ends of a connection. */
static uint64_t ends_key(const struct conversation *one)
{
	bool is_client = one->role == CONVERSATION_CLIENT;

	return map_mix(endpoint_hash(is_client ? &one->local : &one->remote)) ^
	       endpoint_hash(is_client ? &one->remote : &one->local);
}

static int internal_find(struct conversations *to)
{
	struct map servers = {0};
	int rc = 0;

	for (uint32_t i = 0; !rc && i < to->count; i++)
		if (to->list[i].role == CONVERSATION_SERVER)
			rc = map_put(&servers, ends_key(&to->list[i]), &to->list[i]);
	for (uint32_t i = 0; !rc && i < to->count; i++) {
		struct conversation *one = &to->list[i], *server;
		server = one->role == CONVERSATION_CLIENT ? map_get(&servers, ends_key(one)) : NULL;
		if (server && is_other_end(one, server))
			internal_note(one, server);
	}
	map_clear(&servers);
	return rc;
}

/* Whether somebody who is not in the trace came. */
static void listeners_settle(struct conversations *to)
{
	for (uint32_t i = 0; i < to->count; i++)
		for (uint32_t k = 0; k < to->listeners_count; k++)
			if (to->list[i].role == CONVERSATION_SERVER && !to->list[i].is_internal &&
			    to->listeners[k].local.family && to->listeners[k].local.port == to->list[i].local.port &&
			    !strcmp(to->listeners[k].local.path, to->list[i].local.path))
				to->listeners[k].has_external = true;
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

int conversations_settle(struct conversations *to)
{
	for (uint32_t i = 0; i < to->count; i++) {
		struct conversation *one = &to->list[i];
		messages_settle(one);
		if (name_make(one))
			return -ENOMEM;
		one->is_tls = looks_like_tls(&one->streams[STREAM_OUT]) || looks_like_tls(&one->streams[STREAM_IN]);
	}
	if (internal_find(to))
		return -ENOMEM;
	listeners_settle(to);
	return 0;
}

static void conversation_free(struct conversation *one)
{
	for (int direction = STREAM_OUT; direction <= STREAM_IN; direction++) {
		text_free(&one->streams[direction]);
		free(one->holes[direction]);
	}
	free(one->name);
	free(one->messages);
	free(one->options);
}

void conversations_free(struct conversations *conversations)
{
	for (uint32_t i = 0; i < conversations->count; i++)
		conversation_free(&conversations->list[i]);
	for (uint32_t i = 0; i < conversations->descriptors_count; i++)
		text_free(&conversations->descriptors[i].content);
	free(conversations->descriptors);
	free(conversations->list);
	free(conversations->listeners);
	*conversations = (struct conversations){0};
}

/* Generations of processes that are followed. */
#define GENERATIONS_MAX 64

bool process_descends(const struct trace *trace, uint32_t pid, uint32_t from)
{
	if (!from)
		return true;
	for (unsigned i = 0; pid && i < GENERATIONS_MAX; i++) {
		const struct trace_process *process = trace_process_at(trace, pid, UINT64_MAX);
		if (pid == from)
			return true;
		pid = process ? process->seen.parent : 0;
	}
	return false;
}

void conversations_select(struct conversations *conversations, const struct trace *trace, uint32_t pid)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < conversations->count; i++) {
		struct conversation *one = &conversations->list[i];
		if (!process_descends(trace, one->pid, pid)) {
			conversation_free(one);
			continue;
		}
		one->is_internal &= !one->peer_pid || process_descends(trace, one->peer_pid, pid);
		one->number = kept;
		conversations->list[kept++] = *one;
	}
	conversations->count = kept;
	listeners_settle(conversations);
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
	for (uint32_t i = 0; i < conversations->count; i++) {
		const struct conversation *one = &conversations->list[i];
		uint64_t missing = one->is_internal ? 0 : conversation_missing(one, STREAM_IN);
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
	return true;
}

uint64_t conversation_missing(const struct conversation *conversation, enum stream_direction direction)
{
	uint64_t missing = 0;

	for (uint32_t i = 0; i < conversation->holes_count[direction]; i++)
		missing += conversation->holes[direction][i].size;
	return missing;
}
