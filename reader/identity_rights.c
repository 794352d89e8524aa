// SPDX-License-Identifier: MIT
/*
 * Descriptors that no call of the process made: passed in messages (SCM_RIGHTS), or open from the start.
 */
#include "reader/identity_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Calls `each` for every descriptor that the control messages carry; stops when it returns an error. */
static int each_right(const struct event_item *item, int (*each)(void *context, int32_t fd), void *context)
{
	size_t at = 0;
	int error = 0;

	while (!error && item->size - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr head;
		memcpy(&head, item->bytes + at, sizeof(head));
		if (head.cmsg_len < sizeof(head) || head.cmsg_len > item->size - at)
			return 0;
		size_t end = at + head.cmsg_len;
		bool is_rights = head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_RIGHTS;
		for (size_t place = at + sizeof(head); is_rights && !error && end - place >= sizeof(int32_t);
		     place += sizeof(int32_t)) {
			int32_t fd;
			memcpy(&fd, item->bytes + place, sizeof(fd));
			error = each(context, fd);
		}
		at = (end + 7) / 8 * 8;
		if (at > item->size)
			return 0;
	}
	return error;
}

struct sending {
	struct identities *identity;
	const struct moment *moment;
	struct object *socket;
};

static int send_right(void *context, int32_t fd)
{
	struct sending *sending = context;
	struct object *object = identity_object(sending->identity, sending->moment->pid, KIND_FD, (uint32_t)fd);

	return object ? object_queue_push(sending->socket, object) : 0;
}

static int count_right(void *context, int32_t fd)
{
	(*(uint32_t *)context)++;
	return 0;
}

static int keep_right(void *context, int32_t fd)
{
	struct received *received = context;

	received->fds[received->count++] = fd;
	return 0;
}

static int receive_rights(struct identities *identity, const struct moment *moment, struct object *socket,
			  const struct event_item *item)
{
	uint32_t count = 0;

	each_right(item, count_right, &count);
	if (!count)
		return 0;
	struct received *received = malloc(sizeof(*received) + count * sizeof(received->fds[0]));
	if (!received)
		return -ENOMEM;
	received->count = 0;
	each_right(item, keep_right, received);
	return effect_push(identity, (struct effect){.type = EFFECT_RECEIVED,
						     .time = moment->end,
						     .pid = moment->pid,
						     .object = socket,
						     .payload = received});
}

/* When it has returned: what the peer had sent by then is in the peer's queue. */
int socket_received(struct process *process, struct object *socket, const struct received *received)
{
	for (uint32_t i = 0; i < received->count; i++) {
		struct object *object = socket->peer ? object_queue_pop(socket->peer) : NULL;
		int error = 0;
		if (received->fds[i] >= 0 && object)
			error = handles_put(&process->descriptors, (uint64_t)received->fds[i], object, false);
		else if (received->fds[i] >= 0)
			error = handles_take(&process->descriptors, (uint64_t)received->fds[i]);
		if (object)
			object_release(object);
		if (error)
			return error;
	}
	return 0;
}

int apply_control(struct identities *identity, const struct moment *moment)
{
	const struct event *event = moment->event;
	unsigned arg = (unsigned)moment->rule->control;
	struct sending sending = {identity, moment, NULL};

	for (uint32_t i = 0; moment->ok && i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		int error;
		if (item->form != ITEM_CONTROL || item->arg != arg)
			continue;
		if (!sending.socket && !(sending.socket = find_socket(identity, moment)))
			return 0;
		if (event->call->args[arg].value.direction == DIRECTION_IN)
			error = each_right(item, send_right, &sending);
		else
			error = receive_rights(identity, moment, sending.socket, item);
		if (error)
			return error;
	}
	return 0;
}

/* ---- what was open at the start ---- */

static struct object *found_socket(struct identities *identity, struct process *process, uint64_t inode)
{
	struct object *socket = map_get(&identity->inodes, inode);
	if (socket)
		return socket;
	socket = object_new(identity, OBJECT_SOCKET, "socket", process->main);
	if (!socket)
		return NULL;
	socket->inode = inode;
	object_rename(socket, process->main, "socket", " inherited");
	if (map_put(&identity->inodes, inode, socket))
		identity->error = -ENOMEM;
	return socket;
}

struct object *object_of_link(struct identities *identity, struct process *process, const char *link)
{
	static const struct {
		const char *link, *role;
	} sorts[] = {{"[eventpoll]", "epoll"},
		     {"[eventfd]", "eventfd"},
		     {"[timerfd]", "timerfd"},
		     {"[signalfd]", "signalfd"},
		     {"inotify", "inotify"}};
	unsigned long long inode;
	struct object *object;

	if (sscanf(link, "socket:[%llu]", &inode) == 1)
		return found_socket(identity, process, inode);
	if (sscanf(link, "pipe:[%llu]", &inode) == 1) {
		object = object_new(identity, OBJECT_PIPE, "pipe", process->main);
		if (object) {
			object->inode = inode;
			object_rename(object, process->main, "pipe", " inherited");
		}
		return object;
	}
	if (!strncmp(link, "anon_inode:", 11)) {
		const char *role = "descriptor";
		for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
			if (!strcmp(sorts[i].link, link + 11))
				role = sorts[i].role;
		object = object_new(identity, OBJECT_DESCRIPTOR, role, process->main);
		if (object)
			object_rename(object, process->main, role, " inherited");
		return object;
	}
	bool is_shm = !strncmp(link, "/dev/shm/", 9);
	object = object_new(identity, OBJECT_FILE, is_shm ? "shm" : "file", process->main);
	if (object)
		object_label(object, " %s", is_shm ? link + 8 : link);
	return object;
}
