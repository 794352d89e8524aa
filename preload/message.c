// SPDX-License-Identifier: MIT
/* See message.h. */
#include "preload/message.h"
#include "preload/payload.h"

#define MESSAGES_MAX 32 /* messages of a sendmmsg or recvmmsg that are looked into */
#define CONTROL_MAX  1024
/* How long the buffers of received names were is not known after recvmmsg(): so much is read of each, when it is there.
 */
#define NAME_CERTAIN 16

uint32_t message_words(const struct msghdr *message, uint64_t total)
{
	uint32_t words = vector_words(message->msg_iovlen, total) + item_words(sizeof(message->msg_flags));

	if (message->msg_name)
		words += item_words(ADDRESS_MAX);
	if (message->msg_controllen)
		words += item_words((uint32_t)least(message->msg_controllen, CONTROL_MAX));
	return words;
}

static inline __attribute__((always_inline)) void one_write(struct sink *sink, const struct message_way *way,
							    unsigned index, const struct msghdr *message,
							    uint64_t total, uint64_t name_size)
{
	unsigned arg = way->arg;

	if (message->msg_name && name_size)
		item_copy(sink, arg, ITEM_ADDRESS, index, (uint64_t)(uintptr_t)message->msg_name,
			  least(name_size, ADDRESS_MAX), name_size);
	if (!way->discarded)
		vector_write(sink, arg, index, message->msg_iov, message->msg_iovlen, total);
	if (message->msg_control && message->msg_controllen)
		item_copy(sink, arg, ITEM_CONTROL, index, (uint64_t)(uintptr_t)message->msg_control,
			  least(message->msg_controllen, CONTROL_MAX), message->msg_controllen);
	if (way->received) {
		uint8_t *flags = item_start(sink, arg, ITEM_FLAGS, index, sizeof(message->msg_flags),
					    sizeof(message->msg_flags), 0);
		if (flags)
			*(uint32_t *)flags = (uint32_t)message->msg_flags;
	}
}

void message_write(struct sink *sink, const struct message_way *way, const struct msghdr *message, uint64_t name_size)
{
	one_write(sink, way, 0, message, sink->behind.moved, name_size);
}

uint32_t messages_words(const struct mmsghdr *messages, uint64_t count)
{
	uint32_t words = 0;

	count = least(count, MESSAGES_MAX);
	for (uint64_t i = 0; i < count; i++)
		words += message_words(&messages[i].msg_hdr, messages[i].msg_len) + item_words(4);
	return words;
}

/* *page is the page that the last name was on, or 0. */
static bool name_is_there(const struct msghdr *message, uint64_t *page)
{
	uint64_t from = (uint64_t)(uintptr_t)message->msg_name, size = least(message->msg_namelen, NAME_CERTAIN);

	if (!from || !size)
		return false;
	if (from / LIVE_PAGE == *page && (from + size - 1) / LIVE_PAGE == *page)
		return true;
	if (!memory_is_there(from, size))
		return false;
	*page = from / LIVE_PAGE;
	return true;
}

void messages_write(struct sink *sink, const struct message_way *way, const struct mmsghdr *messages)
{
	uint64_t count = least(sink->behind.moved, MESSAGES_MAX), page = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct msghdr *message = &messages[i].msg_hdr;
		uint64_t name_size = message->msg_namelen;
		if (way->received)
			name_size = name_is_there(message, &page) ? least(name_size, NAME_CERTAIN) : 0;
		item_copy(sink, way->arg, ITEM_LENGTH, i, (uint64_t)(uintptr_t)&messages[i].msg_len, 4, 4);
		one_write(sink, way, i, message, messages[i].msg_len, name_size);
	}
}
