// SPDX-License-Identifier: MIT
/*
 * Sockets: which role they play, at which addresses, and who is at the other end.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SOCKET_TYPE_MASK 0xf

enum socket_role { ROLE_PLAIN, ROLE_CLIENT, ROLE_LISTEN, ROLE_SERVER, ROLE_PAIR, ROLE_COUNT };

/* The words for a socket by what is known about it. */
static const struct {
	uint16_t family, type; /* 0: any */
	const char *words[ROLE_COUNT];
} socket_words[] = {
	{AF_INET, SOCK_STREAM, {"tcp", "tcp-client", "tcp-listen", "tcp-server", "tcp-pair"}},
	{AF_INET, SOCK_DGRAM, {"udp", "udp", "udp", "udp", "udp-pair"}},
	{AF_INET, SOCK_RAW, {"raw", "raw", "raw", "raw", "raw-pair"}},
	{AF_INET, 0, {"inet", "inet-client", "inet-listen", "inet-server", "inet-pair"}},
	{AF_UNIX, SOCK_DGRAM, {"unix-dgram", "unix-dgram", "unix-dgram", "unix-dgram", "unix-pair"}},
	{AF_UNIX, 0, {"unix", "unix-client", "unix-listen", "unix-server", "unix-pair"}},
	{AF_NETLINK, 0, {"netlink", "netlink", "netlink", "netlink", "netlink-pair"}},
	{AF_PACKET, 0, {"packet", "packet", "packet", "packet", "packet-pair"}},
	{AF_VSOCK, 0, {"vsock", "vsock-client", "vsock-listen", "vsock-server", "vsock-pair"}},
	{0, 0, {"socket", "socket-client", "socket-listen", "socket-server", "socket-pair"}},
};

static const char *role_word(const struct object *socket, enum socket_role role)
{
	uint16_t family = socket->family == AF_INET6 ? AF_INET : socket->family;
	size_t i = 0;

	while ((socket_words[i].family && socket_words[i].family != family) ||
	       (socket_words[i].type && socket_words[i].type != socket->socket_type))
		i++;
	return socket_words[i].words[role];
}

static bool is_stream(const struct object *socket)
{
	return socket->socket_type != SOCK_DGRAM && socket->socket_type != SOCK_RAW;
}

/* Where a bound socket is found by those who connect to it: AF_UNIX by path, others by their port. */
static uint64_t bound_key(const struct object *socket, const struct endpoint *endpoint)
{
	if (endpoint->family == AF_UNIX)
		return map_hash(AF_UNIX, endpoint->path, strlen(endpoint->path));
	return (uint64_t)AF_INET << 32 | (uint64_t)is_stream(socket) << 16 | endpoint->port;
}

static void note_bound(struct object *socket)
{
	if (endpoint_is_named(object_local(socket)) &&
	    map_put(&socket->identity->bound, bound_key(socket, object_local(socket)), socket))
		socket->identity->error = -ENOMEM;
}

/* Who listens at `remote`, for such as `socket`, as far as it was traced. */
static struct object *find_bound(const struct object *socket, const struct endpoint *remote)
{
	struct object *bound;

	if (!endpoint_is_named(remote))
		return NULL;
	bound = map_get(&socket->identity->bound, bound_key(socket, remote));
	if (!bound || bound == socket)
		return NULL;
	if (remote->family == AF_UNIX)
		return strcmp(object_local(bound)->path, remote->path) ? NULL : bound;
	if (object_local(bound)->port != remote->port)
		return NULL;
	return endpoint_is_any(object_local(bound)) || endpoint_equal(object_local(bound), remote) ? bound : NULL;
}

/* ---- the two ends of a conversation ---- */

static bool has_talk(const struct object *socket)
{
	return endpoint_is_named(object_local(socket)) && endpoint_is_named(object_remote(socket)) &&
	       object_local(socket)->family != AF_UNIX;
}

/* The same for both ends. */
static uint64_t talk_key(const struct object *socket)
{
	return endpoint_hash(object_local(socket)) + endpoint_hash(object_remote(socket)) + is_stream(socket);
}

static void note_talk(struct object *socket)
{
	struct identities *identity = socket->identity;

	if (!has_talk(socket))
		return;
	struct object *other = map_get(&identity->talks, talk_key(socket));
	if (other && other != socket && endpoint_equal(object_local(other), object_remote(socket)) &&
	    endpoint_equal(object_remote(other), object_local(socket))) {
		map_take(&identity->talks, talk_key(socket));
		object_pair(socket, other);
	} else if (map_put(&identity->talks, talk_key(socket), socket)) {
		identity->error = -ENOMEM;
	}
}

static void forget_in(struct map *map, uint64_t key, const struct object *object)
{
	if (map_get(map, key) == object)
		map_take(map, key);
}

static void forget_ends(struct object *socket)
{
	if (has_talk(socket))
		forget_in(&socket->identity->talks, talk_key(socket), socket);
	if (endpoint_is_named(object_local(socket)))
		forget_in(&socket->identity->bound, bound_key(socket, object_local(socket)), socket);
}

void socket_forget(struct object *object)
{
	if (object->type != OBJECT_SOCKET)
		return;
	forget_ends(object);
	if (object->inode)
		forget_in(&object->identity->inodes, object->inode, object);
}

/* Addresses are keys: they change only through here. */
static void set_endpoints(struct object *socket, const struct endpoint *local, const struct endpoint *remote)
{
	bool was_bound = endpoint_is_named(object_local(socket)) &&
			 map_get(&socket->identity->bound, bound_key(socket, object_local(socket))) == socket;

	if (!socket->ends && !(socket->ends = calloc(2, sizeof(*socket->ends)))) {
		socket->identity->error = -ENOMEM;
		return;
	}
	forget_ends(socket);
	if (local && local->family)
		socket->ends[0] = *local;
	if (remote && remote->family)
		socket->ends[1] = *remote;
	if (!socket->family)
		socket->family =
			object_remote(socket)->family ? object_remote(socket)->family : object_local(socket)->family;
	if (was_bound)
		note_bound(socket);
	note_talk(socket);
}

/* ---- names ---- */

static void print_remote(const struct object *socket, char *text, size_t size)
{
	const struct object *bound = find_bound(socket, object_remote(socket));

	endpoint_print(object_remote(socket), bound && bound->any_port, text, size);
}

/* Role and label from what is known by now; counted in the thread of the call that made it known. */
static void name_socket(struct object *socket, struct thread *thread, enum socket_role role)
{
	char address[160], label[176];
	bool has_local = endpoint_is_named(object_local(socket)) && (!socket->any_port || role == ROLE_LISTEN);

	*label = '\0';
	if (role == ROLE_SERVER) {
		const struct object *listener = socket->origin;
		if (object_local(socket)->family == AF_UNIX || !endpoint_is_named(object_local(socket)))
			snprintf(label, sizeof(label), " on %s", listener ? object_local(listener)->path : "");
		else if (listener && listener->any_port)
			snprintf(label, sizeof(label), " on :*");
		else
			snprintf(label, sizeof(label), " on :%u", object_local(socket)->port);
	} else if (role == ROLE_CLIENT) {
		print_remote(socket, address, sizeof(address));
		snprintf(label, sizeof(label), " -> %s", address);
	} else if (has_local) {
		endpoint_print(object_local(socket), socket->any_port, address, sizeof(address));
		snprintf(label, sizeof(label), " %s", address);
	}
	if (!strcmp(label, " on "))
		*label = '\0';
	object_rename(socket, thread, role_word(socket, role), *label ? label : NULL);
}

static bool find_endpoint(const struct moment *moment, enum item_form form, struct endpoint *endpoint)
{
	const struct event *event = moment->event;

	for (uint32_t i = 0; i < event->items_count; i++) {
		if (event->items[i].form != form)
			continue;
		*endpoint = endpoint_parse(event->items[i].bytes, event->items[i].size);
		return endpoint->family;
	}
	return false;
}

/* The socket that the event's first descriptor means; what was unknown becomes a socket. */
struct object *find_socket(struct identities *identity, const struct moment *moment)
{
	struct object *object = NULL;

	if (moment->rule->fd >= 0)
		object = identity_object(identity, moment->pid, KIND_FD, moment->event->args[moment->rule->fd]);
	if (!object || (object->type != OBJECT_SOCKET && object->type != OBJECT_UNKNOWN))
		return NULL;
	object->type = OBJECT_SOCKET;
	return object;
}

/* ---- calls ---- */

static struct object *new_socket(struct identities *identity, const struct moment *moment, uint64_t family,
				 uint64_t type)
{
	struct object *socket = object_new(identity, OBJECT_SOCKET, "socket", moment->thread);

	if (socket) {
		socket->family = (uint16_t)family;
		socket->socket_type = type & SOCKET_TYPE_MASK;
	}
	return socket;
}

int apply_socket(struct identities *identity, const struct moment *moment)
{
	struct object *socket;

	if (!moment->ok)
		return 0;
	socket = new_socket(identity, moment, moment->event->args[0], moment->event->args[1]);
	if (!socket)
		return 0;
	name_socket(socket, moment->thread, ROLE_PLAIN);
	identity_set_result(identity, socket);
	return effect_descriptor(identity, moment, (uint32_t)moment->event->result, socket, is_cloexec(moment));
}

int apply_socketpair(struct identities *identity, const struct moment *moment)
{
	const struct event *event = moment->event;
	const struct event_item *item = event_item(event, 3, ITEM_RAW, 0);
	int32_t fds[2];

	if (!moment->ok || !item || item->size < sizeof(fds))
		return 0;
	memcpy(fds, item->bytes, sizeof(fds));
	struct object *a = new_socket(identity, moment, event->args[0], event->args[1]);
	struct object *b = new_socket(identity, moment, event->args[0], event->args[1]);
	if (!a || !b)
		return 0;
	object_rename(a, moment->thread, role_word(a, ROLE_PAIR), NULL);
	b->role = a->role;
	b->ordinal = a->ordinal;
	b->numbered = true;
	a->side = 'a';
	b->side = 'b';
	object_pair(a, b);
	identity_set_result(identity, a);
	int error = effect_descriptor(identity, moment, (uint32_t)fds[0], a, is_cloexec(moment));
	return error ? error : effect_descriptor(identity, moment, (uint32_t)fds[1], b, is_cloexec(moment));
}

static int wait_for_meeting(struct identities *identity, const struct moment *moment, struct object *listener,
			    struct object *socket, bool accepted)
{
	return effect_push(identity, (struct effect){.type = EFFECT_MEET,
						     .time = moment->end,
						     .object = socket,
						     .other = listener,
						     .flag = accepted});
}

/* Both calls queue in order: the first to have connected is the first to be accepted. */
void socket_meet(struct object *listener, struct object *object, bool accepted)
{
	struct object *other = NULL;

	if (listener->queue && listener->queue->accepted != accepted)
		other = object_queue_pop(listener);
	if (other) {
		object_pair(object, other);
		object_release(other);
		return;
	}
	if (object_queue_push(listener, object))
		listener->identity->error = -ENOMEM;
	else
		listener->queue->accepted = accepted;
}

/* A listener whose listen() was not seen: what it accepted says what it is. */
static void guess_listener(struct object *listener, const struct endpoint *local, const struct endpoint *remote)
{
	struct endpoint own = *local;

	listener->socket_type = SOCK_STREAM;
	listener->listening = true;
	if (!listener->family)
		listener->family = local->family ? local->family : remote->family;
	if (!endpoint_is_named(object_local(listener))) {
		memset(own.ip, 0, sizeof(own.ip));
		set_endpoints(listener, &own, NULL);
	}
	name_socket(listener, NULL, ROLE_LISTEN);
}

/* Who comes from this very host comes from the address it went to: true for loopback and for the host's own address. */
static struct endpoint guess_local(const struct object *listener, const struct endpoint *remote)
{
	struct endpoint local = *object_local(listener);

	if (local.family != AF_UNIX && endpoint_is_any(&local) && remote->family) {
		local.family = remote->family;
		memcpy(local.ip, remote->ip, sizeof(local.ip));
	}
	return local;
}

int apply_accept(struct identities *identity, const struct moment *moment)
{
	struct endpoint local = {0}, remote = {0};
	struct object *listener = find_socket(identity, moment);

	if (!moment->ok)
		return 0;
	if (!find_endpoint(moment, ITEM_PEER, &remote))
		find_endpoint(moment, ITEM_ADDRESS, &remote);
	find_endpoint(moment, ITEM_LOCAL, &local);
	struct object *socket = new_socket(identity, moment, listener ? listener->family : remote.family, SOCK_STREAM);
	if (!socket)
		return 0;
	if (listener && !listener->listening)
		guess_listener(listener, &local, &remote);
	if (listener) {
		socket->origin = listener;
		listener->holds++;
		if (!local.family)
			local = guess_local(listener, &remote);
	}
	set_endpoints(socket, &local, &remote);
	name_socket(socket, moment->thread, ROLE_SERVER);
	identity_set_result(identity, socket);
	if (listener && listener->family == AF_UNIX && wait_for_meeting(identity, moment, listener, socket, true))
		return -ENOMEM;
	return effect_descriptor(identity, moment, (uint32_t)moment->event->result, socket, is_cloexec(moment));
}

/* Connecting to the wildcard address is connecting to this host. */
static void set_loopback(struct endpoint *endpoint)
{
	static const uint8_t ipv4[] = {127, 0, 0, 1};

	if (endpoint->family == AF_INET)
		memcpy(endpoint->ip, ipv4, sizeof(ipv4));
	else
		endpoint->ip[15] = 1;
}

/* A datagram sent to an address from a socket that is not connected: it talks to whoever is bound there. */
void socket_send_to(struct identities *identity, const struct moment *moment)
{
	struct endpoint remote;
	struct object *socket = find_socket(identity, moment);

	if (!socket || socket->peer || is_stream(socket) || !find_endpoint(moment, ITEM_ADDRESS, &remote))
		return;
	if (remote.family != AF_UNIX && endpoint_is_any(&remote))
		set_loopback(&remote);
	struct object *bound = find_bound(socket, &remote);
	if (bound)
		object_point(socket, bound);
}

/* A connect that failed says where it wanted to go, and names the socket all the same. */
int apply_connect(struct identities *identity, const struct moment *moment)
{
	struct endpoint local = {0}, remote = {0};
	struct object *socket = find_socket(identity, moment);

	if (!socket || !find_endpoint(moment, ITEM_ADDRESS, &remote))
		return 0;
	find_endpoint(moment, ITEM_LOCAL, &local);
	if (!object_local(socket)->family || !endpoint_is_named(object_local(socket)))
		socket->any_port = true;
	if (remote.family != AF_UNIX && endpoint_is_any(&remote))
		set_loopback(&remote);
	set_endpoints(socket, &local, &remote);
	name_socket(socket, moment->thread, ROLE_CLIENT);
	struct object *bound = find_bound(socket, object_remote(socket));
	bool has_gone = moment->ok || moment->event->error == EINPROGRESS;
	if (!bound || !has_gone)
		return 0;
	if (is_stream(socket) && remote.family == AF_UNIX && bound->listening)
		return wait_for_meeting(identity, moment, bound, socket, false);
	if (!is_stream(socket) && !socket->peer)
		object_point(socket, bound);
	return 0;
}

int apply_bind(struct identities *identity, const struct moment *moment)
{
	struct endpoint local = {0};
	struct object *socket = find_socket(identity, moment);

	if (!moment->ok || !socket || !find_endpoint(moment, ITEM_ADDRESS, &local))
		return 0;
	socket->any_port = local.family != AF_UNIX && !local.port;
	find_endpoint(moment, ITEM_LOCAL, &local);
	set_endpoints(socket, &local, NULL);
	note_bound(socket);
	name_socket(socket, moment->thread, ROLE_PLAIN);
	return 0;
}

int apply_listen(struct identities *identity, const struct moment *moment)
{
	struct endpoint local = {0};
	struct object *socket = find_socket(identity, moment);

	if (!moment->ok || !socket)
		return 0;
	if (!endpoint_is_named(object_local(socket)) && find_endpoint(moment, ITEM_LOCAL, &local)) {
		socket->any_port = local.family != AF_UNIX;
		set_endpoints(socket, &local, NULL);
	}
	socket->listening = true;
	if (!socket->socket_type)
		socket->socket_type = SOCK_STREAM;
	note_bound(socket);
	name_socket(socket, moment->thread, ROLE_LISTEN);
	return 0;
}

/* getsockname and getpeername: what the program asked for, we learn as well. */
int apply_names(struct identities *identity, const struct moment *moment)
{
	struct endpoint endpoint = {0};
	struct object *socket = find_socket(identity, moment);

	if (!moment->ok || !socket || !find_endpoint(moment, ITEM_ADDRESS, &endpoint))
		return 0;
	if (!strcmp(moment->call->name, "getpeername"))
		set_endpoints(socket, NULL, &endpoint);
	else
		set_endpoints(socket, &endpoint, NULL);
	if (!socket->numbered)
		name_socket(socket, NULL, object_remote(socket)->family ? ROLE_CLIENT : ROLE_PLAIN);
	return 0;
}
