// SPDX-License-Identifier: MIT
/*
 * Writing the items of a record, one behind the other, in the room that was reserved for them. Nothing here knows what
 * they mean. All of it is inline: with a call for each item, what stands behind an argument took several ns more.
 */
#ifndef IPCTRACE_PRELOAD_ITEM_H
#define IPCTRACE_PRELOAD_ITEM_H

#include "preload/capture.h"
#include "preload/memory.h"
#include "trace/raw.h"

/* What is known of a call when its arguments are looked behind. */
struct behind {
	const struct capture *capture;
	uint64_t moved; /* its result; 0 when that is negative */
	bool careful;	/* memory is read through the kernel only */
};

/* Where items go. `end` is what was reserved: nothing is written beyond. */
struct sink {
	uint8_t *at, *end;
	struct behind behind;
};

static inline uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Copies from the program: as it is, or through the kernel. */
static inline bool behind_read(const struct behind *behind, void *to, uint64_t from, size_t size)
{
	if (__builtin_expect(behind->careful, 0))
		return memory_read(to, from, size);
	bytes_copy(to, (const void *)(uintptr_t)from, size);
	return true;
}

/* Two stores, not one for each field. */
static inline void item_head(uint8_t *at, unsigned arg, enum item_form form, unsigned index, uint64_t size,
			     uint64_t total, uint32_t hash)
{
	union {
		struct item item;
		uint64_t words[2];
	} u = {{(uint8_t)arg, (uint8_t)form, (uint16_t)index, (uint32_t)size, (uint32_t)least(total, UINT32_MAX),
		hash}};

	((uint64_t *)at)[0] = u.words[0];
	((uint64_t *)at)[1] = u.words[1];
}

/* Starts an item of `size` bytes; NULL when there is no room. The caller fills the bytes. */
static inline uint8_t *item_start(struct sink *sink, unsigned arg, enum item_form form, unsigned index, uint64_t size,
				  uint64_t total, uint32_t hash)
{
	uint64_t words = item_words((uint32_t)size);

	if (__builtin_expect(size > UINT32_MAX / 2 || (uint64_t)(sink->end - sink->at) < words * 8, 0))
		return NULL;
	item_head(sink->at, arg, form, index, size, total, hash);
	uint8_t *bytes = sink->at + sizeof(struct item);
	if (__builtin_expect(size % 8 != 0, 1))
		*(uint64_t *)(bytes + size / 8 * 8) = 0;
	sink->at += words * 8;
	return bytes;
}

static inline bool item_copy(struct sink *sink, unsigned arg, enum item_form form, unsigned index, uint64_t from,
			     uint64_t size, uint64_t total)
{
	uint8_t *before = sink->at;
	uint8_t *bytes = item_start(sink, arg, form, index, size, total, 0);

	if (!bytes)
		return false;
	if (!behind_read(&sink->behind, bytes, from, size)) {
		sink->at = before;
		return false;
	}
	return true;
}

/* Writes the item whose `size` bytes stand behind its head already: their number was not known before. */
static inline void item_close(struct sink *sink, unsigned arg, enum item_form form, uint64_t size, uint64_t total)
{
	uint8_t *bytes = sink->at + sizeof(struct item);

	item_head(sink->at, arg, form, 0, size, total, 0);
	for (uint64_t i = size; i % 8; i++)
		bytes[i] = 0;
	sink->at += item_words((uint32_t)size) * 8;
}

#endif
