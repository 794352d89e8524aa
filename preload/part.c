// SPDX-License-Identifier: MIT
/* See part.h. */
#include "preload/part.h"
#include "preload/text.h"

struct part parts_straight[LIVE_EVENTS_MAX][PARTS_STRAIGHT];

/* Which argument has the flags of a call on sockets. */
static uint8_t flags_argument(const struct call_spec *call)
{
	bool is_socket = call->family[0] == 's' && call->family[1] == 'o';

	for (unsigned i = 0; is_socket && i < call->argc; i++)
		if (call->args[i].value.kind == KIND_FLAGS)
			return (uint8_t)i;
	return ITEM_NO_ARG;
}

/* Scalars have no row of their own: behind a pointer they are an array of elements. */
static enum part_sort sort_of(const struct value_spec *value)
{
	static const uint8_t sorts[KIND_COUNT] = {
		[KIND_BYTES] = PART_BYTES,	[KIND_STRING] = PART_STRING, [KIND_STRINGS] = PART_STRINGS,
		[KIND_SOCKADDR] = PART_ADDRESS, [KIND_IOVEC] = PART_VECTOR,  [KIND_MSGHDR] = PART_MESSAGE,
		[KIND_MMSGHDR] = PART_MESSAGES, [KIND_MSGBUF] = PART_MSGBUF, [KIND_FDSET] = PART_FDSET,
	};

	if (value->direction == DIRECTION_NONE || value->kind == KIND_UNRECORDED || value->kind == KIND_SELECT)
		return PART_NONE;
	return sorts[value->kind] ? sorts[value->kind] : PART_ARRAY;
}

struct part part_of(const struct call_spec *call, unsigned arg, const struct value_spec *value)
{
	const struct value_spec *declared = &call->args[arg].value;
	struct part part = {(uint8_t)sort_of(value), (uint8_t)arg, value->length, value->length_value};

	part.size = value->kind == KIND_STRUCT ? catalogue_builtin.structs[value->table].size : value->width;
	if (part.sort == PART_ARRAY && declared->kind == KIND_SELECT && declared->length != LENGTH_NONE) {
		/* the length of a selection (setsockopt's value) is in bytes, and may be less than the one element */
		part.sort = PART_VALUE;
		part.size = (uint16_t)(part.size * (value->length == LENGTH_FIXED ? value->length_value : 1));
		part.counted = declared->length;
		part.counter = declared->length_value;
	}
	part.received = value->direction != DIRECTION_IN;
	part.flags = flags_argument(call);
	return part;
}

struct part part_length(const struct call_spec *call)
{
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.length == LENGTH_POINTED)
			return (struct part){PART_LENGTH, call->args[i].value.length_value};
	return (struct part){PART_NONE};
}

bool parts_of(struct part parts[PARTS_STRAIGHT], const struct call_spec *call)
{
	struct part length = part_length(call);
	unsigned count = 0;

	for (uint32_t left = call->captured; left; left &= left - 1) {
		unsigned arg = (unsigned)__builtin_ctz(left);
		struct part part = part_of(call, arg, &call->args[arg].value);
		if (count == PARTS_STRAIGHT || part.sort == PART_NONE || part.sort > PART_STRAIGHT_LAST)
			return false;
		parts[count++] = part;
	}
	if (count == PARTS_STRAIGHT && length.sort)
		return false;
	if (count < PARTS_STRAIGHT)
		parts[count++] = length;
	if (count < PARTS_STRAIGHT)
		parts[count] = (struct part){PART_NONE};
	return true;
}

static uint64_t count_pointed(const struct part *part, const struct behind *behind)
{
	const struct capture *capture = behind->capture;
	uint32_t pointed = 0;

	if (!capture->args[part->counter] ||
	    !behind_read(behind, &pointed, capture->args[part->counter], sizeof(pointed)))
		return 0;
	return least(pointed, capture->length);
}

uint64_t part_count(const struct part *part, const struct behind *behind)
{
	if (part->counted == LENGTH_POINTED)
		return count_pointed(part, behind);
	return part_count_near(part, behind->capture, behind->moved);
}

static uint64_t value_size(const struct part *part, const struct behind *behind)
{
	return least(part->size, part_count(part, behind));
}

static uint64_t fdset_size(const struct behind *behind)
{
	uint64_t bits = behind->capture->args[0];

	return bits > 1024 ? 128 : (bits + 63) / 64 * 8;
}

uint32_t part_words(const struct part *part, const struct behind *behind)
{
	uint64_t address = behind->capture->args[part->arg];

	if (part->sort <= PART_SIZED_LAST)
		return sized_words(part->sort, part_size(part, behind), behind->moved);

	switch (part->sort) {
	case PART_MESSAGE:
		return message_words((const struct msghdr *)(uintptr_t)address, behind->moved);
	case PART_ADDRESS:
		return item_words((uint32_t)least(part_count(part, behind), ADDRESS_MAX));
	case PART_LENGTH:
		return item_words(sizeof(behind->capture->length));
	case PART_VALUE:
		return item_words((uint32_t)least(value_size(part, behind), STRUCTS_MAX));
	case PART_MESSAGES:
		return messages_words((const struct mmsghdr *)(uintptr_t)address, behind->moved);
	case PART_STRING:
		return text_words(behind, address);
	case PART_STRINGS:
		return texts_words();
	case PART_FDSET:
		return item_words((uint32_t)fdset_size(behind));
	default:
		return 0;
	}
}

void part_write_message(struct sink *sink, const struct part *part)
{
	const struct capture *capture = sink->behind.capture;
	uint64_t address = capture->args[part->arg];
	const struct msghdr *message = (const struct msghdr *)(uintptr_t)address;
	bool truncates = part->flags != ITEM_NO_ARG && (capture->args[part->flags] & MSG_TRUNC);
	struct message_way way = {part->arg, part->received, part->received && truncates};

	if (part->sort == PART_MESSAGES)
		messages_write(sink, &way, (const struct mmsghdr *)(uintptr_t)address);
	else
		message_write(sink, &way, message,
			      part->received ? least(message->msg_namelen, capture->length) : message->msg_namelen);
}

void part_write(struct sink *sink, const struct part *part)
{
	const struct behind *behind = &sink->behind;
	uint64_t address = behind->capture->args[part->arg], size;

	if (part->sort <= PART_SIZED_LAST) {
		sized_write(sink, part->sort, part->arg, address, part_size(part, behind));
		return;
	}
	switch (part->sort) {
	case PART_MESSAGE:
	case PART_MESSAGES:
		part_write_message(sink, part);
		break;
	case PART_ADDRESS:
		size = part_count(part, behind);
		if (size)
			item_copy(sink, part->arg, ITEM_ADDRESS, 0, address, least(size, ADDRESS_MAX), size);
		break;
	case PART_LENGTH: {
		uint8_t *bytes = item_start(sink, part->arg, ITEM_BEFORE, 0, sizeof(behind->capture->length),
					    sizeof(behind->capture->length), 0);
		if (bytes)
			*(uint32_t *)bytes = behind->capture->length;
		break;
	}
	case PART_VALUE:
		size = value_size(part, behind);
		item_copy(sink, part->arg, ITEM_RAW, 0, address, least(size, STRUCTS_MAX), size);
		break;
	case PART_STRING:
		text_write(sink, part->arg, address);
		break;
	case PART_STRINGS:
		texts_write(sink, part->arg, address);
		break;
	case PART_FDSET:
		size = fdset_size(behind);
		if (size)
			item_copy(sink, part->arg, ITEM_RAW, 0, address, size, size);
		break;
	}
}

uint32_t parts_words(const struct part *parts, const struct behind *behind)
{
	uint32_t words = 0;

	for (unsigned i = 0; i < PARTS_STRAIGHT && parts[i].sort; i++)
		if (part_is_given(&parts[i], behind->capture))
			words += part_words(&parts[i], behind);
	return words;
}

void parts_write(struct sink *sink, const struct part *parts)
{
	for (unsigned i = 0; i < PARTS_STRAIGHT && parts[i].sort; i++)
		if (part_is_given(&parts[i], sink->behind.capture))
			part_write(sink, &parts[i]);
}
