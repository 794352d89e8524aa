// SPDX-License-Identifier: MIT
/*
 * What stands behind one argument, and how it gets into the record: worked out of the argument's row once, so that a
 * call need not walk it. Nothing here knows whether an argument is to be looked behind: see follow.h.
 */
#ifndef IPCTRACE_PRELOAD_PART_H
#define IPCTRACE_PRELOAD_PART_H

#include "preload/item.h"
#include "preload/message.h"
#include "preload/payload.h"

#define STRUCTS_MAX 4096 /* bytes of an array of structs or scalars */

enum part_sort {
	PART_NONE,
	PART_ARRAY, /* structs or scalars */
	PART_BYTES,
	PART_VECTOR,
	PART_MSGBUF,
	PART_MESSAGE,
	PART_ADDRESS,
	PART_LENGTH, /* what a value-result length was before the call */
	PART_STRAIGHT_LAST = PART_LENGTH,
	/* those that follow_plan() alone knows what to do about */
	PART_VALUE, /* one scalar or struct, of which no more is given than another argument says */
	PART_MESSAGES,
	PART_STRING,
	PART_STRINGS,
	PART_FDSET
};

struct part {
	uint8_t sort;	 /* enum part_sort */
	uint8_t arg;	 /* whose word is the address */
	uint8_t counted; /* enum length: where the number of elements, or bytes, stands */
	uint8_t counter; /* which argument that is, or the number itself */
	uint16_t size;	 /* bytes of one element */
	uint8_t flags;	 /* of a received message: which argument has MSG_TRUNC in it; ITEM_NO_ARG for none */
	bool received;	 /* a message */
};

/* Arguments of a call for which follow_plan() is not needed. */
#define PARTS_STRAIGHT 4

/* Of such calls, up to the first PART_NONE. */
extern struct part parts_straight[LIVE_EVENTS_MAX][PARTS_STRAIGHT];

/* What argument `arg` of `call` is when its value is `value`; PART_NONE when there is nothing to look behind. */
struct part part_of(const struct call_spec *call, unsigned arg, const struct value_spec *value);

/* The value-result length, which capture->length remembers from before the call; PART_NONE when there is none. */
struct part part_length(const struct call_spec *call);

/* Fills in the parts of a call; whether it is straight: they are few, and all of the sorts up to PART_STRAIGHT_LAST. */
bool parts_of(struct part parts[PARTS_STRAIGHT], const struct call_spec *call);

/* Those which stand seldom behind a call that is made often, out of the way. */
uint64_t part_count_pointed(const struct part *part, const struct behind *behind);
uint32_t part_words_seldom(const struct part *part, const struct behind *behind);
void part_write_seldom(struct sink *sink, const struct part *part);

/* How many elements (bytes, for those counted in bytes) there are. */
static inline uint64_t part_count(const struct part *part, const struct behind *behind)
{
	if (part->counted == LENGTH_ARG)
		return behind->capture->args[part->counter];
	if (part->counted == LENGTH_RETURN)
		return behind->moved;
	if (part->counted == LENGTH_POINTED)
		return part_count_pointed(part, behind);
	return part->counted == LENGTH_FIXED ? part->counter : 1;
}

static inline uint64_t array_size(const struct part *part, const struct behind *behind)
{
	return least(part_count(part, behind), STRUCTS_MAX) * part->size;
}

/* An upper bound of the words that part_write() uses. */
static inline uint32_t part_words(const struct part *part, const struct behind *behind)
{
	if (part->sort == PART_ARRAY)
		return item_words((uint32_t)least(array_size(part, behind), STRUCTS_MAX));
	if (part->sort == PART_BYTES)
		return payload_words(part_count(part, behind));
	if (part->sort == PART_VECTOR)
		return vector_words(part_count(part, behind), behind->moved);
	if (part->sort == PART_MSGBUF)
		return item_words(sizeof(long)) + payload_words(part_count(part, behind));
	return part_words_seldom(part, behind);
}

static inline void part_write(struct sink *sink, const struct part *part)
{
	const struct behind *behind = &sink->behind;
	uint64_t address = behind->capture->args[part->arg];

	if (part->sort == PART_ARRAY) {
		uint64_t total = array_size(part, behind);
		item_copy(sink, part->arg, ITEM_RAW, 0, address, least(total, STRUCTS_MAX), total);
	} else if (part->sort == PART_BYTES) {
		payload_write(sink, part->arg, address, part_count(part, behind));
	} else if (part->sort == PART_VECTOR) {
		vector_write(sink, part->arg, 0, (const struct iovec *)(uintptr_t)address, part_count(part, behind),
			     behind->moved);
	} else if (part->sort == PART_MSGBUF) {
		item_copy(sink, part->arg, ITEM_TYPE, 0, address, sizeof(long), sizeof(long));
		payload_write(sink, part->arg, address + sizeof(long), part_count(part, behind));
	} else {
		part_write_seldom(sink, part);
	}
}

/* Addresses on the first page stand for something else, or for nothing. */
static inline bool part_is_given(const struct part *part, const struct capture *capture)
{
	return capture->args[part->arg] >= LIVE_PAGE;
}

/* The words of the items of a straight call, which has succeeded. */
static inline uint32_t parts_words(const struct part *parts, const struct behind *behind)
{
	uint32_t words = 0;

	for (unsigned i = 0; i < PARTS_STRAIGHT && parts[i].sort; i++)
		if (part_is_given(&parts[i], behind->capture))
			words += part_words(&parts[i], behind);
	return words;
}

static inline void parts_write(struct sink *sink, const struct part *parts)
{
	for (unsigned i = 0; i < PARTS_STRAIGHT && parts[i].sort; i++)
		if (part_is_given(&parts[i], sink->behind.capture))
			part_write(sink, &parts[i]);
}

#endif
