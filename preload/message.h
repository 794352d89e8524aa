// SPDX-License-Identifier: MIT
/*
 * Messages of sendmsg() and the like: name, vector, control messages and flags, each an item of its own. The kernel has
 * been through what is read here: the call has succeeded. Another thread may change it meanwhile, which can make an
 * item wrong, but not larger than its room.
 */
#ifndef IPCTRACE_PRELOAD_MESSAGE_H
#define IPCTRACE_PRELOAD_MESSAGE_H

#include <sys/socket.h>

#include "preload/item.h"

#define ADDRESS_MAX sizeof(struct sockaddr_storage)

/* How a message is to be read. */
struct message_way {
	uint8_t arg;
	bool received;	/* else sent */
	bool discarded; /* received with MSG_TRUNC: the result may be longer than the vector, which may be untouched */
};

/* Room for the items of one message, of which `total` bytes were moved: at least what message_write() uses. */
uint32_t message_words(const struct msghdr *message, uint64_t total);

/* `name_size`: how much of its name there is. */
void message_write(struct sink *sink, const struct message_way *way, const struct msghdr *message, uint64_t name_size);

/* The same for an array of messages, as many as the call returned. */
uint32_t messages_words(const struct mmsghdr *messages, uint64_t count);
void messages_write(struct sink *sink, const struct message_way *way, const struct mmsghdr *messages);

#endif
