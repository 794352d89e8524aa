// SPDX-License-Identifier: MIT
/*
 * Vectors, messages and sets of descriptors, laid out as the kernel wants them.
 */
#include "replay/template_parts.h"

#include <sys/socket.h>
#include <sys/uio.h>

/* The elements of a vector, laid out one behind the other at `buffers`, in the pool when `in_pool`. */
static uint32_t vector_put(struct maker *maker, const struct event_item *lengths, bool in_pool, uint32_t buffers)
{
	uint32_t count = lengths ? lengths->size / 8 : 0;
	uint32_t at = maker_area_put(maker, NULL, 0, (count ? count : 1) * sizeof(struct iovec));
	uint64_t offset = 0, left = maker->limit;

	for (uint32_t i = 0; i < count && !maker->data.failed; i++) {
		struct iovec element = {0};
		memcpy(&element.iov_len, lengths->bytes + i * 8, 8);
		if (!in_pool && element.iov_len > left)
			element.iov_len = left;
		if (element.iov_len > ROOM_MAX * 64ull)
			element.iov_len = ROOM_MAX * 64ull;
		left -= in_pool ? 0 : element.iov_len;
		memcpy(maker->data.bytes + at + i * sizeof(element), &element, sizeof(element));
		maker_reloc_add(maker, (uint32_t)(at + i * sizeof(element)), in_pool ? RELOC_POOL : RELOC_SCRATCH, 8, 0,
				buffers + offset);
		offset += element.iov_len;
	}
	return at;
}

static uint64_t vector_size(const struct event_item *lengths)
{
	uint64_t sum = 0, length;

	for (uint32_t i = 0; lengths && (i + 1) * 8 <= lengths->size; i++) {
		memcpy(&length, lengths->bytes + i * 8, 8);
		sum += length < ROOM_MAX * 64ull ? length : ROOM_MAX * 64ull;
	}
	return sum;
}

/* The buffers of a vector: payload to be given, or room for what comes. */
static uint32_t vector_buffers(struct maker *maker, const struct event_item *lengths, const struct event_item *payload,
			       bool in_pool)
{
	uint64_t size = vector_size(lengths);
	uint32_t at;

	if (in_pool)
		return maker_payload_put(maker, payload, size);
	at = maker_area_leave(maker, size);
	maker_note_received(maker, payload, at);
	return at;
}

void maker_make_vector(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct event_item *lengths = event_item(maker->event, arg, ITEM_VECTOR, 0);
	bool in_pool = value->direction == DIRECTION_IN;
	uint32_t buffers = vector_buffers(maker, lengths, event_item(maker->event, arg, ITEM_PAYLOAD, 0), in_pool);

	maker_point_at(maker, arg, vector_put(maker, lengths, in_pool, buffers));
}

/* Descriptors in a control message: given, or received. */
static void set_rights(struct maker *maker, const struct event_item *item, uint32_t at, bool is_given)
{
	struct control_message message;
	size_t place = 0;

	while (control_next(item->bytes, item->size, &place, &message)) {
		if (message.level != SOL_SOCKET || (message.type != SCM_RIGHTS && message.type != SCM_CREDENTIALS))
			continue;
		for (size_t i = 0; i + 4 <= message.size; i += 4) {
			uint32_t here = at + (uint32_t)(message.data - item->bytes + i);
			int32_t number;
			memcpy(&number, message.data + i, 4);
			if (message.type == SCM_CREDENTIALS) {
				if (is_given)
					maker_set_pid(maker, here, (uint32_t)number);
				break;
			}
			if (is_given)
				maker_set_scalar(maker, &(struct value_spec){.kind = KIND_FD, .width = 4}, here,
						 (uint32_t)number);
			else
				maker_store_add(maker, here, STORE_FD,
						cast_slot_made(maker->composition, maker->process, number, NULL));
		}
	}
}

static void message_put(struct maker *maker, unsigned arg, uint16_t index, bool is_given, uint32_t at)
{
	const struct event_item *name = event_item(maker->event, arg, ITEM_ADDRESS, index),
				*lengths = event_item(maker->event, arg, ITEM_VECTOR, index),
				*payload = event_item(maker->event, arg, ITEM_PAYLOAD, index),
				*control = event_item(maker->event, arg, ITEM_CONTROL, index);
	struct msghdr message = {.msg_iovlen = lengths ? lengths->size / 8 : 0};
	uint32_t buffers = vector_buffers(maker, lengths, payload, is_given), place, size;

	place = vector_put(maker, lengths, is_given, buffers);
	maker_reloc_add(maker, at + offsetof(struct msghdr, msg_iov), RELOC_SCRATCH, 8, 0, place);
	if (!is_given)
		maker_note_sender(maker, name);
	if (name && name->size) {
		place = is_given ? maker_address_put(maker, name, &size) : maker_area_put(maker, NULL, 0, 128);
		message.msg_namelen = is_given ? size : 128;
		maker_reloc_add(maker, at + offsetof(struct msghdr, msg_name), RELOC_SCRATCH, 8, 0, place);
	}
	if (control && control->size) {
		uint32_t room = control->size > CONTROL_ROOM ? control->size : CONTROL_ROOM;
		place = is_given ? maker_area_put(maker, control->bytes, control->size, 0)
				 : maker_area_leave(maker, room);
		message.msg_controllen = is_given ? control->size : room;
		maker_reloc_add(maker, at + offsetof(struct msghdr, msg_control), RELOC_SCRATCH, 8, 0, place);
		if (is_given || maker->ok)
			set_rights(maker, control, place, is_given);
	}
	if (!maker->data.failed)
		memcpy(maker->data.bytes + at, &message, sizeof(message));
}

void maker_make_message(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	uint32_t at = maker_area_put(maker, NULL, 0, sizeof(struct msghdr));

	maker_point_at(maker, arg, at);
	message_put(maker, arg, 0, value->direction == DIRECTION_IN, at);
}

void maker_make_messages(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	uint32_t count = maker->ok && maker->event->result > 0 ? (uint32_t)maker->event->result : 1;
	uint32_t at;

	if (count > 1024)
		count = 1024;
	at = maker_area_put(maker, NULL, 0, count * sizeof(struct mmsghdr));
	if (arg + 1 < maker->call->argc)
		maker->words[arg + 1] = count;
	maker_point_at(maker, arg, at);
	for (uint32_t i = 0; i < count; i++)
		message_put(maker, arg, (uint16_t)i, value->direction == DIRECTION_IN,
			    at + i * (uint32_t)sizeof(struct mmsghdr));
}

void maker_make_msgbuf(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct event_item *type = event_item(maker->event, arg, ITEM_TYPE, 0),
				*payload = event_item(maker->event, arg, ITEM_PAYLOAD, 0);
	uint64_t room = maker_room_of(maker, arg, value, payload ? payload->total : 0);
	int64_t mtype = 1;
	uint32_t at;

	if (room > ROOM_MAX)
		room = ROOM_MAX;
	if (value->direction != DIRECTION_IN) {
		at = maker_area_leave(maker, room + 8);
		maker_point_at(maker, arg, at);
		maker_note_received(maker, payload, at + 8);
		return;
	}
	if (type && type->size == 8)
		memcpy(&mtype, type->bytes, 8);
	maker_note_given(maker, payload);
	at = maker_area_put(maker, &mtype, 8, room + 8);
	maker_point_at(maker, arg, at);
	if (payload && payload->size <= room && !maker->data.failed)
		memcpy(maker->data.bytes + at + 8, payload->bytes, payload->size);
	if (payload && payload->size < payload->total && maker->object != SCORE_NONE)
		COMPOSED_OBJECT(maker->composition, maker->object)->is_cut = true;
}

void maker_make_set(struct maker *maker, unsigned arg)
{
	const struct event_item *item = event_item(maker->event, arg, ITEM_BEFORE, 0);
	uint32_t at = maker_area_put(maker, NULL, 0, 128);

	maker_point_at(maker, arg, at);
	maker->has_bits = true;
	for (uint32_t bit = 0; item && bit < item->size * 8 && bit < 1024; bit++) {
		if (!(item->bytes[bit / 8] >> bit % 8 & 1))
			continue;
		uint32_t slot = cast_slot(maker->composition, maker->process, maker->pid, (int32_t)bit);
		if (slot != SCORE_NONE)
			maker_reloc_add(maker, at, RELOC_FDBIT, 0, slot, 0);
	}
}
