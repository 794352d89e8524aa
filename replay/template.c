// SPDX-License-Identifier: MIT
/*
 * The arguments of a call, as they were, made ready to be given again: constant bytes and a list of places where a live
 * number belongs. Everything is read off the kinds of the call's row; nothing here knows a call by name.
 *
 * The scratch memory of a call has two areas: bytes that it begins with, and behind them room for what the call writes.
 */
#include "replay/composition.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "reader/endpoint.h"
#include "reader/value.h"
#include "replay/issue.h"

/* Room that is given for what a call may write, beyond what it wrote. */
#define ROOM_MAX     (1u << 20)
#define CONTROL_ROOM 1024u
/* What all buffers of one call may take. */
#define AREA_MAX (256u << 20)

/* An offset in the area behind, until the size of the one in front is known. */
#define BEHIND 0x40000000u

struct maker {
	struct composition *composition;
	struct score_act *act;
	const struct event *event;
	const struct call_spec *call;
	uint32_t number, process, pid;
	struct text data;
	uint32_t behind; /* bytes */
	struct rows relocs, checks, stores;
	uint64_t words[CALL_ARGS_MAX];
	uint32_t object;  /* what the call is about, or SCORE_NONE */
	uint64_t limit;	  /* bytes to receive at most, UINT64_MAX: any */
	bool ok;	  /* it returned and did not fail */
	bool is_received; /* an access with payload was noted */
	bool has_bits, is_unknown;
	bool has_made;	 /* behind a pointer: the result means something else */
	bool is_binding; /* the address that is given becomes its own */
};

/* ---- areas ---------------------------------------------------------------------------------------------------- */

/* Room in front, with `bytes` (NULL: zeros) in it. Its offset. */
static uint32_t area_put(struct maker *maker, const void *bytes, size_t size, size_t room)
{
	static const char zeros[64];
	uint32_t at;

	room = room > size ? room : size;
	text_add(&maker->data, zeros, -maker->data.size & 15);
	at = (uint32_t)maker->data.size;
	if (bytes)
		text_add(&maker->data, bytes, size);
	for (size_t left = room - (bytes ? size : 0); left;) {
		size_t part = left < sizeof(zeros) ? left : sizeof(zeros);
		text_add(&maker->data, zeros, part);
		left -= part;
	}
	return at;
}

static void give_up(struct maker *maker, enum fill_reason reason)
{
	if (maker->act->reason)
		return;
	maker->act->reason = (uint8_t)reason;
	maker->act->how = ACT_FILL;
}

/* Room behind. A call that needs too much is not made. */
static uint32_t area_leave(struct maker *maker, uint64_t size)
{
	uint32_t at = maker->behind;

	if (size > AREA_MAX || maker->behind > AREA_MAX - size) {
		give_up(maker, FILL_LARGE);
		return BEHIND;
	}
	maker->behind += (uint32_t)((size + 15) & ~15ull);
	return at | BEHIND;
}

static void reloc_add(struct maker *maker, uint32_t at, enum reloc_kind kind, uint16_t width, uint32_t what,
		      uint64_t addend)
{
	struct score_reloc *reloc = rows_add(&maker->relocs, sizeof(*reloc));

	if (reloc)
		*reloc = (struct score_reloc){at, (uint16_t)kind, width, what, addend};
}

static void store_add(struct maker *maker, uint32_t at, enum store_kind kind, uint32_t what)
{
	struct score_store *store = rows_add(&maker->stores, sizeof(*store));

	if (store)
		*store = (struct score_store){at, kind, what};
}

/* Argument `arg` points to `at`. */
static void point_at(struct maker *maker, unsigned arg, uint32_t at)
{
	reloc_add(maker, RELOC_WORD | arg, RELOC_SCRATCH, 8, 0, at);
}

/* ---- accesses ------------------------------------------------------------------------------------------------- */

static struct access *access_add(struct maker *maker, uint32_t object, uint32_t slot, uint32_t classes)
{
	struct access *access = rows_add(&maker->composition->accesses, sizeof(*access));

	if (!access)
		return NULL;
	*access = (struct access){
		.act = maker->number, .object = object, .slot = slot, .classes = classes, .made = SCORE_NONE};
	return access;
}

/* Payload that came: what the other end has to send when it was not recorded. */
static void note_received(struct maker *maker, const struct event_item *item, uint32_t at)
{
	struct composition *composition = maker->composition;
	struct access *access = composition->accesses.count
					? &ROWS(composition->accesses, struct access)[composition->accesses.count - 1]
					: NULL;
	struct score_check *check;

	if (!item || !maker->ok || maker->object == SCORE_NONE)
		return;
	check = rows_add(&maker->checks, sizeof(*check));
	if (check)
		*check = (struct score_check){at, item->total, item->hash, maker->object};
	if (maker->is_received)
		access = access_add(maker, maker->object, SCORE_NONE, ACCESS_TAKES);
	else
		for (uint32_t i = composition->accesses.count; i--;) {
			access = &ROWS(composition->accesses, struct access)[i];
			if (access->object == maker->object || access->act != maker->number)
				break;
		}
	maker->is_received = true;
	if (!access || access->act != maker->number)
		return;
	access->data = pool_add(composition, item->bytes, item->size);
	access->size = item->size;
	access->total = item->total;
	access->hash = item->hash;
}

/* ---- scalars -------------------------------------------------------------------------------------------------- */

static uint32_t object_of(struct maker *maker, enum kind kind, uint64_t value)
{
	return cast_object(maker->composition,
			   identity_object(maker->composition->identities, maker->pid, kind, value));
}

static void set_pid(struct maker *maker, uint32_t at, uint64_t value)
{
	uint32_t process;

	if ((int32_t)value <= 0)
		return;
	process = (uint32_t)((uintptr_t)map_get(&maker->composition->by_pid, (uint32_t)value) - 1);
	if (process == SCORE_NONE)
		maker->is_unknown = true;
	else
		reloc_add(maker, at, RELOC_PID, 4, process, 0);
}

static void set_address(struct maker *maker, uint32_t at, uint64_t value)
{
	uint64_t offset = 0;
	uint32_t object = cast_object(maker->composition,
				      identity_mapping(maker->composition->identities, maker->pid, value, &offset));
	uint32_t mapping = object == SCORE_NONE ? SCORE_NONE : COMPOSED_OBJECT(maker->composition, object)->mapping;

	if (mapping != SCORE_NONE)
		reloc_add(maker, at, RELOC_ADDRESS, 8, mapping, offset);
	else if (value)
		maker->is_unknown = true;
}

/* A semaphore lies in a mapping, or was opened by name, or gets a place of its own. */
static void set_semaphore(struct maker *maker, uint32_t at, uint64_t value, bool is_new)
{
	struct composition *composition = maker->composition;
	uint32_t object = is_new && maker->ok ? cast_object(composition, identity_result(composition->identities))
					      : object_of(maker, KIND_SEM, value);
	bool unknown = maker->is_unknown;
	uint32_t relocs = maker->relocs.count;

	if (object == SCORE_NONE)
		return;
	if (COMPOSED_OBJECT(composition, object)->mapping != SCORE_NONE) {
		reloc_add(maker, at, RELOC_ADDRESS, 8, COMPOSED_OBJECT(composition, object)->mapping, 0);
		return;
	}
	set_address(maker, at, value);
	maker->is_unknown = unknown;
	if (maker->relocs.count == relocs)
		reloc_add(maker, at, RELOC_SEM, 8, object, 0);
}

/* A number that means something, at `at`. Plain ones have been put there already. */
static void set_scalar(struct maker *maker, const struct value_spec *value, uint32_t at, uint64_t word)
{
	struct composition *composition = maker->composition;
	uint32_t slot, object;

	switch (value->kind) {
	case KIND_FD:
	case KIND_MQD:
		slot = cast_slot(composition, maker->process, maker->pid, (int32_t)word);
		if (slot != SCORE_NONE)
			reloc_add(maker, at, RELOC_FD, value->width ? value->width : 4, slot, 0);
		break;
	case KIND_PID:
		set_pid(maker, at, word);
		break;
	case KIND_MSQID:
	case KIND_SEMID:
	case KIND_SHMID:
		object = object_of(maker, value->kind, word);
		if (object != SCORE_NONE)
			reloc_add(maker, at, RELOC_ID, 4, object, 0);
		break;
	case KIND_ADDRESS:
		set_address(maker, at, word);
		break;
	case KIND_SEM:
		set_semaphore(maker, at, word, value->identity == IDENTITY_NEW);
		break;
	default:
		break;
	}
}

/* ---- what pointers point to ----------------------------------------------------------------------------------- */

static uint64_t length_of(const struct maker *maker, const struct value_spec *value)
{
	const struct event_item *item;
	uint64_t length = 0;

	switch (value->length) {
	case LENGTH_FIXED:
		return value->length_value;
	case LENGTH_ARG:
		return maker->event->args[value->length_value];
	case LENGTH_POINTED:
		item = event_item(maker->event, value->length_value, ITEM_BEFORE, 0);
		if (!item)
			item = event_item(maker->event, value->length_value, ITEM_RAW, 0);
		if (item)
			memcpy(&length, item->bytes, item->size < 8 ? item->size : 8);
		return length;
	default:
		return 1;
	}
}

/* As LENGTH_RETURN has it, the room is what the next argument says. `at_least` is what there was. */
static uint64_t room_of(struct maker *maker, unsigned arg, const struct value_spec *value, uint64_t at_least)
{
	uint64_t room = value->length == LENGTH_RETURN && arg + 1 < maker->call->argc ? maker->event->args[arg + 1]
										      : length_of(maker, value);

	if (value->length != LENGTH_RETURN)
		return room > at_least ? room : at_least;
	if (value->direction != DIRECTION_IN && maker->limit < room)
		room = maker->words[arg + 1] = maker->limit;
	if (room > ROOM_MAX && room > at_least)
		room = maker->words[arg + 1] = at_least > ROOM_MAX ? at_least : ROOM_MAX;
	return room;
}

/* Payload that went: what others received tells in which order it went. */
static void note_given(struct maker *maker, const struct event_item *item)
{
	struct access *rows = ROWS(maker->composition->accesses, struct access);

	for (uint32_t i = maker->composition->accesses.count; item && i-- && rows[i].act == maker->number;) {
		if (!(rows[i].classes & ACCESS_GIVES))
			continue;
		rows[i].hash = item->hash;
		rows[i].total = item->total;
	}
}

/* All of a payload in the pool, with filler where it was not kept. Its offset. */
static uint32_t payload_put(struct maker *maker, const struct event_item *item, uint64_t room)
{
	uint64_t total = item && item->total > room ? item->total : room, kept = item ? item->size : 0;
	uint32_t at;
	char *whole;

	if (item && item->size < item->total && maker->object != SCORE_NONE)
		COMPOSED_OBJECT(maker->composition, maker->object)->is_cut = true;
	note_given(maker, item);
	if (kept == total)
		return pool_add(maker->composition, item ? item->bytes : NULL, kept);
	if (total > ROOM_MAX * 64ull)
		total = ROOM_MAX * 64ull;
	whole = calloc(1, total ? total : 1);
	if (!whole) {
		maker->composition->failed = true;
		return 0;
	}
	if (kept)
		memcpy(whole, item->bytes, kept);
	at = pool_add(maker->composition, whole, total);
	free(whole);
	return at;
}

static void make_bytes(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(maker->event, arg, ITEM_PAYLOAD, 0);
	uint64_t room = room_of(maker, arg, value, item ? item->total : 0);
	uint32_t at;

	if (value->direction == DIRECTION_IN) {
		reloc_add(maker, RELOC_WORD | arg, RELOC_POOL, 8, 0, payload_put(maker, item, room));
		return;
	}
	at = area_leave(maker, room);
	point_at(maker, arg, at);
	note_received(maker, item, at);
}

static void make_string(struct maker *maker, unsigned arg)
{
	const struct event_item *item = event_item(maker->event, arg, ITEM_STRING, 0);
	char name[256], text[512];

	if (!item) {
		point_at(maker, arg, area_put(maker, NULL, 0, 256));
		return;
	}
	if (strcmp(maker->call->family, "posix-ipc")) {
		point_at(maker, arg, area_put(maker, item->bytes, item->size, item->size + 1));
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)item->size, (const char *)item->bytes);
	stage_name(maker->composition->stage, name, text, sizeof(text));
	point_at(maker, arg, area_put(maker, text, strlen(text), strlen(text) + 1));
}

/* What is done to a port or path: taking it, going there. */
static void note_name(struct maker *maker, const struct endpoint *endpoint)
{
	struct composition *composition = maker->composition;
	uint32_t name;

	if (maker->object == SCORE_NONE)
		return;
	name = cast_name(composition, endpoint, COMPOSED_OBJECT(composition, maker->object)->socket_type);
	if (name == SCORE_NONE)
		return;
	access_add(maker, name, SCORE_NONE, 0);
	if (maker->is_binding && maker->ok)
		COMPOSED_OBJECT(composition, maker->object)->name = name;
}

/*
 * A port is that of whoever was recorded to have it. Where the network is everybody's, who was not recorded gets one of
 * his own, and what is bound gets any.
 */
static void set_port(struct maker *maker, const struct endpoint *endpoint, uint32_t at)
{
	struct composition *composition = maker->composition;
	const struct composed_object *object =
		maker->object == SCORE_NONE ? NULL : COMPOSED_OBJECT(composition, maker->object);
	uint32_t owner;

	if ((endpoint->family != AF_INET && endpoint->family != AF_INET6) || !endpoint->port || !object)
		return;
	owner = (uint32_t)((uintptr_t)map_get(&composition->ports,
					      (uint64_t)object->socket_type << 16 | endpoint->port) -
			   1);
	if (maker->is_binding && !composition->stage->has_network && !maker->data.failed)
		memset(maker->data.bytes + at + 2, 0, 2);
	if (maker->is_binding)
		return;
	if (owner != SCORE_NONE) {
		reloc_add(maker, at + 2, RELOC_PORT, 2, owner, 0);
		COMPOSED_OBJECT(composition, owner)->sender = maker->object;
	} else if (!composition->stage->has_network) {
		reloc_add(maker, at + 2, RELOC_PORT, 2, maker->object, 0);
	}
}

/* A port that is first heard of as that of a sender is that of who sent there last. */
static void note_sender(struct maker *maker, const struct event_item *item)
{
	struct composition *composition = maker->composition;
	const struct composed_object *object =
		maker->object == SCORE_NONE ? NULL : COMPOSED_OBJECT(composition, maker->object);
	struct endpoint endpoint;
	uint64_t key;

	if (!item || !maker->ok || !object || object->socket_type != SOCK_DGRAM || object->sender == SCORE_NONE)
		return;
	endpoint = endpoint_parse(item->bytes, item->size);
	key = (uint64_t)object->socket_type << 16 | endpoint.port;
	if (!endpoint.port || map_get(&composition->ports, key))
		return;
	if (map_put(&composition->ports, key, (void *)((uintptr_t)object->sender + 1)))
		composition->failed = true;
}

/* Whoever has a port of this host from now on: what the recorder asked a socket that was just bound or connected. */
static void note_port(struct maker *maker)
{
	struct composition *composition = maker->composition;

	for (uint32_t i = 0; maker->ok && maker->object != SCORE_NONE && i < maker->event->items_count; i++) {
		const struct event_item *item = &maker->event->items[i];
		struct endpoint endpoint;
		if (item->form != ITEM_LOCAL)
			continue;
		endpoint = endpoint_parse(item->bytes, item->size);
		if (!endpoint.port || maker->call->result.identity == IDENTITY_NEW)
			continue;
		if (maker->is_binding)
			note_name(maker, &endpoint);
		if (map_put(&composition->ports,
			    (uint64_t)COMPOSED_OBJECT(composition, maker->object)->socket_type << 16 | endpoint.port,
			    (void *)((uintptr_t)maker->object + 1)))
			composition->failed = true;
	}
}

/* An address that is given. Remembers it: whoever is there may have to be played. */
static uint32_t address_put(struct maker *maker, const struct event_item *item, uint32_t *size)
{
	struct composition *composition = maker->composition;
	const struct endpoint endpoint = endpoint_parse(item->bytes, item->size);
	uint8_t text[128];
	struct access *access;
	uint32_t at;

	*size = stage_address(composition->stage, item->bytes, item->size, text);
	if (maker->object != SCORE_NONE && !maker->is_binding) {
		access = access_add(maker, maker->object, SCORE_NONE, ACCESS_SENDS_TO);
		if (access) {
			access->data = pool_add(composition, text, *size);
			access->size = *size;
		}
	}
	at = area_put(maker, text, *size, sizeof(text));
	set_port(maker, &endpoint, at);
	note_name(maker, &endpoint);
	return at;
}

static void make_sockaddr(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(maker->event, arg, ITEM_ADDRESS, 0);
	uint32_t size;

	if (value->direction != DIRECTION_IN)
		note_sender(maker, item);
	if (value->direction != DIRECTION_IN || !item) {
		uint64_t room = length_of(maker, value);
		point_at(maker, arg, area_put(maker, NULL, 0, room < 128 ? 128 : room < 4096 ? room : 4096));
		return;
	}
	point_at(maker, arg, address_put(maker, item, &size));
	if (value->length == LENGTH_ARG && maker->event->args[value->length_value] == item->size)
		maker->words[value->length_value] = size;
}

/* Numbers inside a struct. */
static void set_fields(struct maker *maker, const struct struct_spec *layout, uint32_t at, const uint8_t *bytes,
		       unsigned depth)
{
	for (uint16_t i = 0; i < layout->count; i++) {
		const struct field_spec *field = &layout->fields[i];
		const struct struct_spec *inner = value_struct(maker->composition->catalogue, &field->value);
		if (inner && field->offset + inner->size > layout->size)
			continue;
		if (inner && depth < VALUE_DEPTH_MAX)
			set_fields(maker, inner, at + field->offset, bytes + field->offset, depth + 1);
		else if (field->value.width && field->offset + field->value.width <= layout->size)
			set_scalar(maker, &field->value, at + field->offset,
				   value_load(&field->value, bytes + field->offset, field->value.width));
	}
}

/* A time of day of the recording, and not a span: within some years around it. */
static bool is_time_of_day(const struct maker *maker, const struct struct_spec *layout, const uint8_t *bytes)
{
	int64_t seconds, now = (int64_t)(maker->composition->begin / 1000000000);

	if (strcmp(layout->name, "timespec"))
		return false;
	memcpy(&seconds, bytes, sizeof(seconds));
	return seconds > now - 86400 && seconds < now + 365 * 86400;
}

static void make_array(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct struct_spec *layout = value_struct(maker->composition->catalogue, value);
	uint32_t width = value_size(maker->composition->catalogue, value);
	const struct event_item *item = event_item(maker->event, arg, ITEM_BEFORE, 0);
	uint64_t count = value->length == LENGTH_RETURN ? room_of(maker, arg, value, 0) : length_of(maker, value);
	uint32_t at;

	if (!width)
		width = 8;
	if (!item)
		item = event_item(maker->event, arg, ITEM_RAW, 0);
	if (value->direction == DIRECTION_OUT)
		item = NULL;
	if (count > ROOM_MAX / width)
		count = ROOM_MAX / width;
	at = area_put(maker, item ? item->bytes : NULL, item ? item->size : 0, count * width);
	point_at(maker, arg, at);
	for (uint32_t i = 0; item && (i + 1) * width <= item->size; i++) {
		const uint8_t *bytes = item->bytes + i * width;
		if (layout && is_time_of_day(maker, layout, bytes))
			reloc_add(maker, at + i * width, RELOC_TIME, 16, 0, 0);
		else if (layout)
			set_fields(maker, layout, at + i * width, bytes, 0);
		else
			set_scalar(maker, value, at + i * width, value_load(value, bytes, width));
	}
}

/* Descriptors and ids that the call leaves behind a pointer. */
static void store_array(struct maker *maker, unsigned arg, const struct value_spec *value, uint32_t at)
{
	struct composition *composition = maker->composition;
	const struct event_item *item = event_item(maker->event, arg, ITEM_RAW, 0);

	if (!item || !maker->ok || value->kind != KIND_FD || value->direction == DIRECTION_IN)
		return;
	for (uint32_t i = 0; (i + 1) * 4 <= item->size; i++) {
		int32_t fd;
		memcpy(&fd, item->bytes + i * 4, 4);
		struct object *object = identity_made(composition->identities, fd);
		uint32_t slot = cast_slot_made(composition, maker->process, fd, object);
		maker->has_made = true;
		store_add(maker, at + i * 4, STORE_FD, slot);
		if (object)
			access_add(maker, cast_object(composition, object), slot, ACCESS_MADE);
	}
}

/* The elements of a vector, laid out one behind the other at `buffers`, in the pool when `in_pool`. */
static uint32_t vector_put(struct maker *maker, const struct event_item *lengths, bool in_pool, uint32_t buffers)
{
	uint32_t count = lengths ? lengths->size / 8 : 0;
	uint32_t at = area_put(maker, NULL, 0, (count ? count : 1) * sizeof(struct iovec));
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
		reloc_add(maker, (uint32_t)(at + i * sizeof(element)), in_pool ? RELOC_POOL : RELOC_SCRATCH, 8, 0,
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
		return payload_put(maker, payload, size);
	at = area_leave(maker, size);
	note_received(maker, payload, at);
	return at;
}

static void make_vector(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct event_item *lengths = event_item(maker->event, arg, ITEM_VECTOR, 0);
	bool in_pool = value->direction == DIRECTION_IN;
	uint32_t buffers = vector_buffers(maker, lengths, event_item(maker->event, arg, ITEM_PAYLOAD, 0), in_pool);

	point_at(maker, arg, vector_put(maker, lengths, in_pool, buffers));
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
					set_pid(maker, here, (uint32_t)number);
				break;
			}
			if (is_given)
				set_scalar(maker, &(struct value_spec){.kind = KIND_FD, .width = 4}, here,
					   (uint32_t)number);
			else
				store_add(maker, here, STORE_FD,
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
	reloc_add(maker, at + offsetof(struct msghdr, msg_iov), RELOC_SCRATCH, 8, 0, place);
	if (!is_given)
		note_sender(maker, name);
	if (name && name->size) {
		place = is_given ? address_put(maker, name, &size) : area_put(maker, NULL, 0, 128);
		message.msg_namelen = is_given ? size : 128;
		reloc_add(maker, at + offsetof(struct msghdr, msg_name), RELOC_SCRATCH, 8, 0, place);
	}
	if (control && control->size) {
		uint32_t room = control->size > CONTROL_ROOM ? control->size : CONTROL_ROOM;
		place = is_given ? area_put(maker, control->bytes, control->size, 0) : area_leave(maker, room);
		message.msg_controllen = is_given ? control->size : room;
		reloc_add(maker, at + offsetof(struct msghdr, msg_control), RELOC_SCRATCH, 8, 0, place);
		if (is_given || maker->ok)
			set_rights(maker, control, place, is_given);
	}
	if (!maker->data.failed)
		memcpy(maker->data.bytes + at, &message, sizeof(message));
}

static void make_message(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	uint32_t at = area_put(maker, NULL, 0, sizeof(struct msghdr));

	point_at(maker, arg, at);
	message_put(maker, arg, 0, value->direction == DIRECTION_IN, at);
}

/* As many messages as went: more could not be told apart from those that did not. */
static void make_messages(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	uint32_t count = maker->ok && maker->event->result > 0 ? (uint32_t)maker->event->result : 1;
	uint32_t at;

	if (count > 1024)
		count = 1024;
	at = area_put(maker, NULL, 0, count * sizeof(struct mmsghdr));
	if (arg + 1 < maker->call->argc)
		maker->words[arg + 1] = count;
	point_at(maker, arg, at);
	for (uint32_t i = 0; i < count; i++)
		message_put(maker, arg, (uint16_t)i, value->direction == DIRECTION_IN,
			    at + i * (uint32_t)sizeof(struct mmsghdr));
}

/* A System V message: a long, then the payload. */
static void make_msgbuf(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct event_item *type = event_item(maker->event, arg, ITEM_TYPE, 0),
				*payload = event_item(maker->event, arg, ITEM_PAYLOAD, 0);
	uint64_t room = room_of(maker, arg, value, payload ? payload->total : 0);
	int64_t mtype = 1;
	uint32_t at;

	if (room > ROOM_MAX)
		room = ROOM_MAX;
	if (value->direction != DIRECTION_IN) {
		at = area_leave(maker, room + 8);
		point_at(maker, arg, at);
		note_received(maker, payload, at + 8);
		return;
	}
	if (type && type->size == 8)
		memcpy(&mtype, type->bytes, 8);
	note_given(maker, payload);
	at = area_put(maker, &mtype, 8, room + 8);
	point_at(maker, arg, at);
	if (payload && payload->size <= room && !maker->data.failed)
		memcpy(maker->data.bytes + at + 8, payload->bytes, payload->size);
	if (payload && payload->size < payload->total && maker->object != SCORE_NONE)
		COMPOSED_OBJECT(maker->composition, maker->object)->is_cut = true;
}

static void make_set(struct maker *maker, unsigned arg)
{
	const struct event_item *item = event_item(maker->event, arg, ITEM_BEFORE, 0);
	uint32_t at = area_put(maker, NULL, 0, 128);

	point_at(maker, arg, at);
	maker->has_bits = true;
	for (uint32_t bit = 0; item && bit < item->size * 8 && bit < 1024; bit++) {
		if (!(item->bytes[bit / 8] >> bit % 8 & 1))
			continue;
		uint32_t slot = cast_slot(maker->composition, maker->process, maker->pid, (int32_t)bit);
		if (slot != SCORE_NONE)
			reloc_add(maker, at, RELOC_FDBIT, 0, slot, 0);
	}
}

static void make_pointed(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	uint32_t at;

	switch (value->kind) {
	case KIND_BYTES:
		make_bytes(maker, arg, value);
		return;
	case KIND_STRING:
		make_string(maker, arg);
		return;
	case KIND_STRINGS:
		maker->words[arg] = 0;
		return;
	case KIND_SOCKADDR:
		make_sockaddr(maker, arg, value);
		return;
	case KIND_IOVEC:
		make_vector(maker, arg, value);
		return;
	case KIND_MSGHDR:
		make_message(maker, arg, value);
		return;
	case KIND_MMSGHDR:
		make_messages(maker, arg, value);
		return;
	case KIND_MSGBUF:
		make_msgbuf(maker, arg, value);
		return;
	case KIND_FDSET:
		make_set(maker, arg);
		return;
	default:
		at = (uint32_t)((maker->data.size + 15) & ~15ull);
		make_array(maker, arg, value);
		store_array(maker, arg, value, at);
	}
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static bool is_chosen_address(const struct call_spec *call)
{
	return call->result.kind == KIND_ADDRESS && call->result.identity == IDENTITY_NEW;
}

/* Whether a flags argument says that what is made is closed by an exec. */
static bool is_closed_by_exec(const struct maker *maker)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct names_spec *flags =
			value_flags(maker->composition->catalogue, &maker->call->args[arg].value);
		for (uint16_t i = 0; flags && i < flags->count; i++)
			if (strstr(flags->rows[i].name, "CLOEXEC") && maker->event->args[arg] & flags->rows[i].value)
				return true;
	}
	return false;
}

/* Bits called `name` of a flags argument go. */
static void drop_flag(struct maker *maker, const char *name)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct names_spec *flags =
			value_flags(maker->composition->catalogue, &maker->call->args[arg].value);
		for (uint16_t i = 0; flags && i < flags->count; i++)
			if (!strcmp(flags->rows[i].name, name))
				maker->words[arg] &= ~flags->rows[i].value;
	}
}

/* An address that means nothing here: one that was only asked for, one that is not looked at, or one that matters. */
static void settle_address(struct maker *maker, unsigned arg, bool is_selected)
{
	if (!maker->is_unknown)
		return;
	maker->is_unknown = false;
	maker->words[arg] = 0;
	if (is_chosen_address(maker->call) && maker->call->args[arg].value.identity != IDENTITY_GONE)
		drop_flag(maker, "MAP_FIXED");
	else if (!is_selected || issue_rows[maker->act->call].how == ISSUE_OWN)
		give_up(maker, FILL_UNKNOWN);
}

static void make_word(struct maker *maker, unsigned arg)
{
	struct value_spec value = value_of_arg(maker->event, arg);
	uint64_t word = maker->event->args[arg];
	bool is_selected = maker->call->args[arg].value.kind == KIND_SELECT;

	if (value.direction != DIRECTION_NONE) {
		if (word && value.kind != KIND_UNRECORDED)
			make_pointed(maker, arg, &value);
		return;
	}
	maker->is_unknown = false;
	if (value.kind == KIND_KEY)
		maker->words[arg] = stage_key(maker->composition->stage, (uint32_t)word);
	else
		set_scalar(maker, &value, RELOC_WORD | arg, value_word(&value, word));
	if (value.kind == KIND_ADDRESS)
		settle_address(maker, arg, is_selected);
	else if (maker->is_unknown)
		give_up(maker, FILL_UNKNOWN);
}

/* ---- what the call does --------------------------------------------------------------------------------------- */

static bool is_negative(const struct struct_spec *layout, const struct field_spec *field, const struct event_item *item)
{
	if (strcmp(field->name, "sem_op") || field->offset + field->value.width > layout->size)
		return false;
	for (uint32_t at = 0; layout->size && at + layout->size <= item->size; at += layout->size)
		if ((int64_t)value_load(&field->value, item->bytes + at + field->offset, field->value.width) <= 0)
			return true;
	return false;
}

/* Whether one of several operations on semaphores has to wait for something. */
static bool has_negative(const struct maker *maker)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct struct_spec *layout =
			value_struct(maker->composition->catalogue, &maker->call->args[arg].value);
		const struct event_item *item = event_item(maker->event, arg, ITEM_RAW, 0);
		for (uint16_t f = 0; layout && item && f < layout->count; f++)
			if (is_negative(layout, &layout->fields[f], item))
				return true;
	}
	return false;
}

static uint32_t classes_of(const struct maker *maker, const struct flow *flow, enum kind kind)
{
	const struct call_spec *call = maker->call;

	if (!maker->ok && maker->event->error != EINPROGRESS)
		return 0;
	if (call->waits && !strcmp(call->family, "poll"))
		return ACCESS_LOOKS;
	if (flow->direction == FLOW_RECEIVED)
		return ACCESS_TAKES;
	if (flow->direction == FLOW_SENT)
		return ACCESS_GIVES;
	if (issue_rows[maker->act->call].how == ISSUE_TAKE)
		return ACCESS_TAKES;
	if (!call->waits)
		return kind == KIND_SEM ? ACCESS_GIVES : 0;
	if (kind == KIND_SEMID)
		return has_negative(maker) ? ACCESS_TAKES : ACCESS_GIVES;
	if (kind == KIND_SEM)
		return ACCESS_TAKES;
	if (call->result.kind == KIND_FD && call->result.identity == IDENTITY_NEW)
		return ACCESS_ACCEPTS | ACCESS_TAKES;
	return kind == KIND_FD && flow->direction == FLOW_NONE ? ACCESS_CONNECTS : 0;
}

/* What begins to listen at its name, or leaves it. */
static void note_named(struct maker *maker, uint32_t object, const struct flow *flow, uint32_t classes)
{
	uint32_t name = COMPOSED_OBJECT(maker->composition, object)->name;

	if (name != SCORE_NONE && flow->direction == FLOW_NONE &&
	    (classes & ACCESS_ENDS || !strcmp(maker->call->family, "socket")) && !(classes & ACCESS_ACCEPTS))
		access_add(maker, name, SCORE_NONE, 0);
}

/* The objects among the plain arguments; the first is what the call is about. */
static void note_arguments(struct maker *maker, const struct flow *flow)
{
	struct composition *composition = maker->composition;

	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		struct value_spec value = value_of_arg(maker->event, arg);
		enum kind kind = value.kind;
		uint64_t word = value_word(&value, maker->event->args[arg]);
		uint32_t object = SCORE_NONE, slot = SCORE_NONE, classes;
		if (value.direction != DIRECTION_NONE)
			continue;
		if (kind == KIND_FD || kind == KIND_MQD) {
			slot = cast_slot(composition, maker->process, maker->pid, (int32_t)word);
			object = slot == SCORE_NONE ? SCORE_NONE : COMPOSED_SLOT(composition, slot)->object;
		} else if (kind == KIND_MSQID || kind == KIND_SEMID || kind == KIND_SHMID || kind == KIND_SEM ||
			   kind == KIND_ADDRESS) {
			object = object_of(maker, kind, word);
		}
		if (object == SCORE_NONE)
			continue;
		classes = maker->object == SCORE_NONE ? classes_of(maker, flow, kind) : 0;
		if (flow->direction == FLOW_MOVED && maker->ok)
			classes = arg == flow->from ? ACCESS_TAKES : arg == flow->to ? ACCESS_GIVES : 0;
		if (value.identity == IDENTITY_GONE && maker->ok) {
			classes |= ACCESS_ENDS;
			if (slot != SCORE_NONE && maker->call->result.identity != IDENTITY_NEW) {
				maker->act->flags |= ACT_CLOSES;
				maker->act->what = slot;
			}
		}
		if (maker->object != SCORE_NONE && kind == KIND_FD && !strcmp(maker->call->family, "poll"))
			classes |= ACCESS_LISTS;
		if (maker->object == SCORE_NONE)
			maker->object = object;
		access_add(maker, object, slot, classes);
		note_named(maker, object, flow, classes);
	}
}

/* A struct of those that are looked at says what it is ready for in its last field. */
static bool is_ready(const struct struct_spec *layout, const uint8_t *after)
{
	const struct field_spec *last = &layout->fields[layout->count - 1];

	return after && last->value.width && last->offset + last->value.width <= layout->size &&
	       value_load(&last->value, after + last->offset, last->value.width);
}

/* Whoever waits at a listener sees those who come to its name. */
static void note_looked_name(struct maker *maker, uint32_t object)
{
	uint32_t name = COMPOSED_OBJECT(maker->composition, object)->name;

	if (name != SCORE_NONE)
		access_add(maker, name, SCORE_NONE, 0);
}

/* Descriptors in the arrays and sets of a call that waits for readiness. */
static void note_looked(struct maker *maker, unsigned arg)
{
	struct composition *composition = maker->composition;
	struct value_spec value = value_of_arg(maker->event, arg);
	const struct struct_spec *layout = value_struct(composition->catalogue, &value);
	const struct event_item *before = event_item(maker->event, arg, ITEM_BEFORE, 0),
				*after = event_item(maker->event, arg, ITEM_RAW, 0);
	struct access *access;

	if (!before)
		before = after;
	if (value.direction != DIRECTION_INOUT || !before)
		return;
	for (uint32_t i = 0; layout && layout->count && (i + 1) * layout->size <= before->size; i++) {
		const uint8_t *bytes = before->bytes + i * layout->size;
		uint32_t slot;
		int32_t fd;
		if (layout->fields[0].value.kind != KIND_FD || layout->fields[0].offset + 4u > layout->size)
			return;
		memcpy(&fd, bytes + layout->fields[0].offset, 4);
		slot = cast_slot(composition, maker->process, maker->pid, fd);
		if (slot == SCORE_NONE)
			continue;
		access = access_add(maker, COMPOSED_SLOT(composition, slot)->object, slot, ACCESS_LOOKS);
		if (access)
			access->is_known_ready = maker->ok && after && (i + 1) * layout->size <= after->size &&
						 is_ready(layout, after->bytes + i * layout->size);
	}
	for (uint32_t bit = 0; value.kind == KIND_FDSET && bit < before->size * 8; bit++) {
		if (!(before->bytes[bit / 8] >> bit % 8 & 1))
			continue;
		uint32_t slot = cast_slot(composition, maker->process, maker->pid, (int32_t)bit);
		access = slot == SCORE_NONE
				 ? NULL
				 : access_add(maker, COMPOSED_SLOT(composition, slot)->object, slot, ACCESS_LOOKS);
		if (access)
			access->is_known_ready =
				maker->ok && after && bit / 8 < after->size && after->bytes[bit / 8] >> bit % 8 & 1;
	}
}

/* The second field of what an epoll set is told is the word by which it will tell. */
static bool has_data_field(const struct struct_spec *layout)
{
	return layout->count >= 2 && layout->fields[1].offset + 8u <= layout->size;
}

/* What an epoll set waits for is known by the word that was given with each. */
static void note_interest(struct maker *maker, uint32_t set)
{
	struct composition *composition = maker->composition;
	struct interest *interests;
	uint32_t slot = SCORE_NONE;
	uint64_t data = 0;
	bool has_data = false;

	for (unsigned arg = 1; arg < maker->call->argc; arg++) {
		struct value_spec value = value_of_arg(maker->event, arg);
		const struct struct_spec *layout = value_struct(composition->catalogue, &value);
		const struct event_item *item = event_item(maker->event, arg, ITEM_RAW, 0);
		if (value.kind == KIND_FD)
			slot = cast_slot(composition, maker->process, maker->pid, (int32_t)maker->event->args[arg]);
		if (!layout || !item || item->size < layout->size || !has_data_field(layout))
			continue;
		memcpy(&data, item->bytes + layout->fields[1].offset, 8);
		has_data = true;
	}
	if (slot == SCORE_NONE)
		return;
	interests = ROWS(composition->interests, struct interest);
	for (uint32_t i = 0; i < composition->interests.count; i++) {
		if (interests[i].set != set || interests[i].slot != slot)
			continue;
		interests[i] = interests[--composition->interests.count];
		break;
	}
	if (!has_data)
		return;
	struct interest *interest = rows_add(&composition->interests, sizeof(*interest));
	if (interest)
		*interest = (struct interest){set, COMPOSED_SLOT(composition, slot)->object, slot, data};
	COMPOSED_OBJECT(composition, COMPOSED_SLOT(composition, slot)->object)->is_polled = true;
}

/* Beyond so many members of a set, only those are ordered that it reported. */
#define INTERESTS_MAX 16u

static bool is_reported(const struct maker *maker, uint64_t data)
{
	for (unsigned arg = 0; arg < maker->call->argc; arg++) {
		const struct struct_spec *layout =
			value_struct(maker->composition->catalogue, &maker->call->args[arg].value);
		const struct event_item *item = event_item(maker->event, arg, ITEM_RAW, 0);
		if (!layout || !item || !has_data_field(layout))
			continue;
		for (uint32_t at = 0; at + layout->size <= item->size; at += layout->size)
			if (!memcmp(item->bytes + at + layout->fields[1].offset, &data, 8))
				return true;
	}
	return false;
}

static void note_members(struct maker *maker, uint32_t set)
{
	struct composition *composition = maker->composition;
	uint32_t count = 0;

	for (uint32_t i = 0; i < composition->interests.count; i++)
		count += ROWS(composition->interests, struct interest)[i].set == set;
	for (uint32_t i = 0; i < composition->interests.count; i++) {
		struct interest interest = ROWS(composition->interests, struct interest)[i];
		bool ready;
		if (interest.set != set)
			continue;
		ready = maker->ok && is_reported(maker, interest.data);
		if (!ready && count > INTERESTS_MAX)
			continue;
		struct access *access = access_add(maker, interest.object, interest.slot, ACCESS_LOOKS);
		if (access)
			access->is_known_ready = ready;
		note_looked_name(maker, interest.object);
	}
}

static void note_readiness(struct maker *maker)
{
	if (strcmp(maker->call->family, "poll"))
		return;
	if (maker->call->waits) {
		for (unsigned arg = 0; arg < maker->call->argc; arg++)
			note_looked(maker, arg);
		if (maker->object != SCORE_NONE)
			note_members(maker, maker->object);
	} else if (maker->ok && maker->object != SCORE_NONE) {
		note_interest(maker, maker->object);
	}
}

/* What the call makes and returns. */
static void note_result(struct maker *maker)
{
	struct composition *composition = maker->composition;
	const struct value_spec *value = &maker->call->result;
	struct object *object = identity_result(composition->identities);
	struct object *made;
	uint32_t index, slot = SCORE_NONE;
	struct access *access;

	if (!maker->ok)
		return;
	made = identity_made(composition->identities, (int32_t)maker->event->result);
	if (((value->kind == KIND_FD || value->kind == KIND_MQD) && value->identity == IDENTITY_NEW) ||
	    (value->kind == KIND_INT && made && !maker->has_made)) {
		object = made ? made : object;
		slot = cast_slot_made(composition, maker->process, (int32_t)maker->event->result, object);
		store_add(maker, STORE_RESULT, STORE_FD, slot);
		maker->act->what = slot;
		maker->act->flags |= ACT_CHOSEN | (is_closed_by_exec(maker) ? ACT_CLOEXEC : 0);
	}
	if (value->kind == KIND_MSQID || value->kind == KIND_SEMID || value->kind == KIND_SHMID) {
		if (!object)
			object = identity_object(composition->identities, maker->pid, value->kind,
						 (uint64_t)maker->event->result);
		if (object)
			store_add(maker, STORE_RESULT, STORE_ID, cast_object(composition, object));
		maker->act->flags |= ACT_CHOSEN;
	}
	index = cast_object(composition, object);
	if (index == SCORE_NONE)
		return;
	if ((value->kind == KIND_ADDRESS || value->kind == KIND_SEM) && value->identity == IDENTITY_NEW) {
		struct composed_object *place = COMPOSED_OBJECT(composition, index);
		if (place->mapping == SCORE_NONE)
			place->mapping = composition->mappings++;
		store_add(maker, STORE_RESULT, STORE_ADDRESS, place->mapping);
		maker->act->flags |= ACT_CHOSEN;
	}
	for (uint32_t i = composition->accesses.count; maker->object != SCORE_NONE && i--;) {
		access = &ROWS(composition->accesses, struct access)[i];
		if (access->act != maker->number)
			break;
		if (access->classes & ACCESS_ACCEPTS)
			access->made = index;
	}
	access_add(maker, index, slot, ACCESS_MADE);
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static void set_flags(struct maker *maker, const struct flow *flow)
{
	struct composition *composition = maker->composition;
	struct score_act *act = maker->act;
	const struct composed_object *object =
		maker->object == SCORE_NONE ? NULL : COMPOSED_OBJECT(composition, maker->object);
	bool is_stream = object && (object->type == OBJECT_PIPE ||
				    (object->type == OBJECT_SOCKET && object->socket_type == SOCK_STREAM));

	maker->limit = UINT64_MAX;
	maker->is_binding = !maker->call->waits && flow->direction == FLOW_NONE;
	if (object && object->type == OBJECT_SOCKET && !strcmp(maker->call->family, "socket") &&
	    flow->direction != FLOW_RECEIVED && maker->call->result.identity != IDENTITY_NEW)
		act->flags |= ACT_BINDS;
	if (maker->call->waits)
		act->flags |= ACT_WAITED;
	if (maker->call->waits && !strcmp(maker->call->family, "poll"))
		act->flags |= ACT_READY;
	if (maker->ok)
		act->flags |= ACT_RETRY;
	if (maker->ok && is_stream && flow->direction == FLOW_RECEIVED && maker->event->result > 0) {
		act->flags |= ACT_STREAM;
		maker->limit = (uint64_t)maker->event->result;
	}
	if (flow->direction == FLOW_SENT)
		act->flags |= ACT_SENDS;
	if (flow->direction == FLOW_MOVED || is_chosen_address(maker->call))
		act->flags |= ACT_GROW;
	if (maker->call->result.kind == KIND_PID)
		act->flags |= ACT_CHOSEN;
}

/* A wait for any child is one for the child that it was. */
static void settle_wait(struct maker *maker)
{
	const struct event *event = maker->event;

	if (!maker->call->waits || maker->call->result.kind != KIND_PID || !maker->ok)
		return;
	if (!event->result)
		give_up(maker, FILL_NO_CHILD);
	if (event->result <= 0)
		return;
	for (unsigned arg = 0; arg < maker->call->argc; arg++)
		if (maker->call->args[arg].value.kind == KIND_PID && (int32_t)event->args[arg] <= 0 &&
		    maker->call->args[arg].value.direction == DIRECTION_NONE)
			set_pid(maker, RELOC_WORD | arg, (uint64_t)event->result);
}

static uint32_t settle_offset(uint32_t at, uint32_t front)
{
	return at != STORE_RESULT && !(at & RELOC_WORD) && at & BEHIND ? (at & ~BEHIND) + front : at;
}

/* The area behind gets its place, and all is packed. */
static void template_pack(struct maker *maker)
{
	uint32_t front = (uint32_t)((maker->data.size + 15) & ~15ull);
	struct score_template head = {.argc = maker->call->argc,
				      .relocs = maker->relocs.count,
				      .checks = maker->checks.count,
				      .stores = maker->stores.count,
				      .data_size = (uint32_t)maker->data.size,
				      .scratch_size = front + maker->behind};
	struct text packed = {0};

	for (uint32_t i = 0; i < maker->relocs.count; i++) {
		struct score_reloc *reloc = &ROWS(maker->relocs, struct score_reloc)[i];
		if (reloc->kind == RELOC_SCRATCH)
			reloc->addend = settle_offset((uint32_t)reloc->addend, front);
		reloc->at = settle_offset(reloc->at, front);
	}
	for (uint32_t i = 0; i < maker->checks.count; i++)
		ROWS(maker->checks, struct score_check)
	[i].at = settle_offset(ROWS(maker->checks, struct score_check)[i].at, front);
	for (uint32_t i = 0; i < maker->stores.count; i++)
		ROWS(maker->stores, struct score_store)
	[i].at = settle_offset(ROWS(maker->stores, struct score_store)[i].at, front);
	text_add(&packed, &head, sizeof(head));
	text_add(&packed, maker->words, maker->call->argc * sizeof(uint64_t));
	text_add(&packed, maker->relocs.at, maker->relocs.count * sizeof(struct score_reloc));
	text_add(&packed, maker->checks.at, maker->checks.count * sizeof(struct score_check));
	text_add(&packed, maker->stores.at, maker->stores.count * sizeof(struct score_store));
	text_add(&packed, maker->data.bytes, maker->data.size);
	if (packed.failed)
		maker->composition->failed = true;
	maker->act->template = pool_add(maker->composition, packed.bytes, packed.size);
	text_free(&packed);
}

void template_make(struct composition *composition, struct score_act *act, uint32_t number, uint32_t process,
		   const struct event *event)
{
	const struct flow *flow = &composition->flows[event->call - composition->catalogue->calls];
	struct maker maker = {
		.composition = composition,
		.act = act,
		.event = event,
		.call = event->call,
		.number = number,
		.process = process,
		.pid = identity_event_pid(event),
		.object = SCORE_NONE,
		.ok = event->outcome == OUTCOME_RETURNED && !call_failed(event->call, event->result),
	};

	memcpy(maker.words, event->args, event->call->argc * sizeof(uint64_t));
	note_arguments(&maker, flow);
	set_flags(&maker, flow);
	note_readiness(&maker);
	for (unsigned arg = 0; arg < event->call->argc; arg++)
		make_word(&maker, arg);
	if (maker.has_bits)
		reloc_add(&maker, RELOC_WORD | 0, RELOC_NFDS, 8, 0, 0);
	settle_wait(&maker);
	note_port(&maker);
	note_result(&maker);
	template_pack(&maker);
	if (maker.data.failed || maker.relocs.failed || maker.checks.failed || maker.stores.failed)
		composition->failed = true;
	text_free(&maker.data);
	rows_free(&maker.relocs);
	rows_free(&maker.checks);
	rows_free(&maker.stores);
}
