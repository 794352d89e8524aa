// SPDX-License-Identifier: MIT
/* See text.h. */
#include "preload/text.h"

#define TEXT_MAX  4096 /* bytes of a string, or of all strings of a vector */
#define TEXTS_MAX 64

static uint64_t text_length(const char *string, uint64_t limit)
{
	uint64_t length = 0;

	while (length < limit && string[length])
		length++;
	return length;
}

/* Copies a string of unknown length, page by page when it must be careful; returns its length, or -1. */
static int64_t text_copy(const struct behind *behind, uint8_t *to, uint64_t from, uint64_t limit)
{
	uint64_t done = 0;

	if (!behind->careful) {
		done = text_length((const char *)(uintptr_t)from, limit);
		bytes_copy(to, (const void *)(uintptr_t)from, done);
		return (int64_t)done;
	}
	while (done < limit) {
		uint64_t piece = least(LIVE_PAGE - (from + done) % LIVE_PAGE, limit - done);
		if (!memory_read(to + done, from + done, piece))
			return -1;
		uint64_t length = text_length((const char *)to + done, piece);
		done += length;
		if (length < piece)
			return (int64_t)done;
	}
	return (int64_t)done;
}

uint32_t text_words(const struct behind *behind, uint64_t address)
{
	if (behind->careful)
		return item_words(TEXT_MAX);
	return item_words((uint32_t)text_length((const char *)(uintptr_t)address, TEXT_MAX));
}

void text_write(struct sink *sink, unsigned arg, uint64_t address)
{
	uint64_t room = (uint64_t)(sink->end - sink->at);

	if (room < sizeof(struct item))
		return;
	uint64_t limit = least(TEXT_MAX, room - sizeof(struct item));
	int64_t length = text_copy(&sink->behind, sink->at + sizeof(struct item), address, limit);
	if (length >= 0)
		item_close(sink, arg, ITEM_STRING, (uint64_t)length, (uint64_t)length);
}

uint32_t texts_words(void)
{
	return item_words(TEXT_MAX);
}

void texts_write(struct sink *sink, unsigned arg, uint64_t vector)
{
	uint64_t room = (uint64_t)(sink->end - sink->at), size = 0, pointer;
	unsigned count = 0;

	if (room < sizeof(struct item) + 8)
		return;
	room = least(room - sizeof(struct item), TEXT_MAX);
	uint8_t *bytes = sink->at + sizeof(struct item);
	for (; count < TEXTS_MAX && size + 1 < room; count++) {
		if (!behind_read(&sink->behind, &pointer, vector + count * 8, 8) || !pointer)
			break;
		int64_t length = text_copy(&sink->behind, bytes + size, pointer, room - size - 1);
		if (length < 0)
			break;
		size += (uint64_t)length;
		bytes[size++] = 0;
	}
	item_close(sink, arg, ITEM_STRINGS, size, count);
}
