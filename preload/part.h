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
	/* these are had by a short way when they stand alone */
	PART_ARRAY, /* structs or scalars */
	PART_BYTES,
	PART_VECTOR,
	PART_MSGBUF,
	PART_SIZED_LAST = PART_MSGBUF,
	PART_MESSAGE,
	PART_ALONE_LAST = PART_MESSAGE,
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

/* How many elements (bytes, for those counted in bytes) there are. */
uint64_t part_count(const struct part *part, const struct behind *behind);

/* The same where it does not stand behind a pointer. */
static inline uint64_t part_count_near(const struct part *part, const struct capture *capture, uint64_t moved)
{
	if (part->counted == LENGTH_ARG)
		return capture->args[part->counter];
	if (part->counted == LENGTH_RETURN)
		return moved;
	return part->counted == LENGTH_FIXED ? part->counter : 1;
}

/* The bytes of an array of `count` elements; the elements of anything else. */
static inline uint64_t part_size_of(const struct part *part, enum part_sort sort, uint64_t count)
{
	return sort == PART_ARRAY ? least(count, STRUCTS_MAX) * part->size : count;
}

static inline uint64_t part_size(const struct part *part, const struct behind *behind)
{
	return part_size_of(part, part->sort, part_count(part, behind));
}

/* The words that a part of one of the first sorts takes when part_size() is `size`. */
static inline __attribute__((always_inline)) uint32_t sized_words(enum part_sort sort, uint64_t size, uint64_t moved)
{
	if (sort == PART_ARRAY)
		return item_words((uint32_t)least(size, STRUCTS_MAX));
	if (sort == PART_BYTES)
		return payload_words(size);
	if (sort == PART_VECTOR)
		return vector_words(size, moved);
	return item_words(sizeof(long)) + payload_words(size); /* PART_MSGBUF */
}

static inline __attribute__((always_inline)) void sized_write(struct sink *sink, enum part_sort sort, unsigned arg,
							      uint64_t address, uint64_t size)
{
	if (sort == PART_ARRAY) {
		item_copy(sink, arg, ITEM_RAW, 0, address, least(size, STRUCTS_MAX), size);
		return;
	}
	if (sort == PART_VECTOR) {
		vector_write(sink, arg, 0, (const struct iovec *)(uintptr_t)address, size, sink->behind.moved);
		return;
	}
	if (sort == PART_MSGBUF) {
		item_copy(sink, arg, ITEM_TYPE, 0, address, sizeof(long), sizeof(long));
		address += sizeof(long);
	}
	payload_write(sink, arg, address, size);
}

/* Addresses on the first page stand for something else, or for nothing. */
static inline bool part_is_given(const struct part *part, const struct capture *capture)
{
	return capture->args[part->arg] >= LIVE_PAGE;
}

/* A sent or received message. */
void part_write_message(struct sink *sink, const struct part *part);

/* An upper bound of the words that part_write() uses. */
uint32_t part_words(const struct part *part, const struct behind *behind);
void part_write(struct sink *sink, const struct part *part);

/* The same for all parts of a straight call, which has succeeded. */
uint32_t parts_words(const struct part *parts, const struct behind *behind);
void parts_write(struct sink *sink, const struct part *parts);

#endif
