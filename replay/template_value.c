// SPDX-License-Identifier: MIT
/*
 * What the words and pointers of a call stand for: live numbers, and memory with what it was given or room for what it
 * writes.
 */
#include "replay/template_parts.h"

struct access *maker_access_add(struct maker *maker, uint32_t object, uint32_t slot, uint32_t classes)
{
	struct access *access = rows_add(&maker->composition->accesses, sizeof(*access));

	if (!access)
		return NULL;
	*access = (struct access){
		.act = maker->number, .object = object, .slot = slot, .classes = classes, .made = SCORE_NONE};
	return access;
}

void maker_note_received(struct maker *maker, const struct event_item *item, uint32_t at)
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
	if (item->size < item->total)
		COMPOSED_OBJECT(maker->composition, maker->object)->is_received_cut = true;
	if (maker->is_received)
		access = maker_access_add(maker, maker->object, SCORE_NONE, ACCESS_TAKES);
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

uint32_t maker_object_of(struct maker *maker, enum kind kind, uint64_t value)
{
	return cast_object(maker->composition,
			   identity_object(maker->composition->identities, maker->pid, kind, value));
}

void maker_set_pid(struct maker *maker, uint32_t at, uint64_t value)
{
	uint32_t process;

	if ((int32_t)value <= 0)
		return;
	process = (uint32_t)((uintptr_t)map_get(&maker->composition->by_pid, (uint32_t)value) - 1);
	if (process == SCORE_NONE)
		maker->is_unknown = true;
	else
		maker_reloc_add(maker, at, RELOC_PID, 4, process, 0);
}

static void set_address(struct maker *maker, uint32_t at, uint64_t value)
{
	uint64_t offset = 0;
	uint32_t object = cast_object(maker->composition,
				      identity_mapping(maker->composition->identities, maker->pid, value, &offset));
	uint32_t mapping = object == SCORE_NONE ? SCORE_NONE : COMPOSED_OBJECT(maker->composition, object)->mapping;

	if (mapping != SCORE_NONE)
		maker_reloc_add(maker, at, RELOC_ADDRESS, 8, mapping, offset);
	else if (value)
		maker->is_unknown = true;
}

/* A semaphore lies in a mapping, or was opened by name, or gets a place of its own. */
static void set_semaphore(struct maker *maker, uint32_t at, uint64_t value, bool is_new)
{
	struct composition *composition = maker->composition;
	uint32_t object = is_new && maker->ok ? cast_object(composition, identity_result(composition->identities))
					      : maker_object_of(maker, KIND_SEM, value);
	bool unknown = maker->is_unknown;
	uint32_t relocs = maker->relocs.count;

	if (object == SCORE_NONE)
		return;
	if (COMPOSED_OBJECT(composition, object)->mapping != SCORE_NONE) {
		maker_reloc_add(maker, at, RELOC_ADDRESS, 8, COMPOSED_OBJECT(composition, object)->mapping, 0);
		return;
	}
	set_address(maker, at, value);
	maker->is_unknown = unknown;
	if (maker->relocs.count == relocs)
		maker_reloc_add(maker, at, RELOC_SEM, 8, object, 0);
}

void maker_set_scalar(struct maker *maker, const struct value_spec *value, uint32_t at, uint64_t word)
{
	struct composition *composition = maker->composition;
	uint32_t slot, object;

	switch (value->kind) {
	case KIND_FD:
	case KIND_MQD:
		slot = cast_slot(composition, maker->process, maker->pid, (int32_t)word);
		if (slot != SCORE_NONE)
			maker_reloc_add(maker, at, RELOC_FD, value->width ? value->width : 4, slot, 0);
		break;
	case KIND_PID:
		maker_set_pid(maker, at, word);
		break;
	case KIND_MSQID:
	case KIND_SEMID:
	case KIND_SHMID:
		object = maker_object_of(maker, value->kind, word);
		if (object != SCORE_NONE)
			maker_reloc_add(maker, at, RELOC_ID, 4, object, 0);
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

uint64_t maker_length_of(const struct maker *maker, const struct value_spec *value)
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

uint64_t maker_room_of(struct maker *maker, unsigned arg, const struct value_spec *value, uint64_t at_least)
{
	uint64_t room = value->length == LENGTH_RETURN && arg + 1 < maker->call->argc ? maker->event->args[arg + 1]
										      : maker_length_of(maker, value);

	if (value->length != LENGTH_RETURN)
		return room > at_least ? room : at_least;
	if (value->direction != DIRECTION_IN && maker->limit < room)
		room = maker->words[arg + 1] = maker->limit;
	if (room > ROOM_MAX && room > at_least)
		room = maker->words[arg + 1] = at_least > ROOM_MAX ? at_least : ROOM_MAX;
	return room;
}

void maker_note_given(struct maker *maker, const struct event_item *item)
{
	struct access *rows = ROWS(maker->composition->accesses, struct access);

	for (uint32_t i = maker->composition->accesses.count; item && i-- && rows[i].act == maker->number;) {
		if (!(rows[i].classes & ACCESS_GIVES))
			continue;
		rows[i].hash = item->hash;
		rows[i].total = item->total;
	}
}

uint32_t maker_payload_put(struct maker *maker, const struct event_item *item, uint64_t room)
{
	uint64_t total = item && item->total > room ? item->total : room, kept = item ? item->size : 0;
	uint32_t at;
	char *whole;

	if (item && item->size < item->total && maker->object != SCORE_NONE)
		COMPOSED_OBJECT(maker->composition, maker->object)->is_cut = true;
	maker_note_given(maker, item);
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
	uint64_t room = maker_room_of(maker, arg, value, item ? item->total : 0);
	uint32_t at;

	if (value->direction == DIRECTION_IN) {
		maker_reloc_add(maker, RELOC_WORD | arg, RELOC_POOL, 8, 0, maker_payload_put(maker, item, room));
		return;
	}
	at = maker_area_leave(maker, room);
	maker_point_at(maker, arg, at);
	maker_note_received(maker, item, at);
}

static void make_string(struct maker *maker, unsigned arg)
{
	const struct event_item *item = event_item(maker->event, arg, ITEM_STRING, 0);
	char name[256], text[512];

	if (!item) {
		maker_point_at(maker, arg, maker_area_put(maker, NULL, 0, 256));
		return;
	}
	if (strcmp(maker->call->family, "posix-ipc")) {
		maker_point_at(maker, arg, maker_area_put(maker, item->bytes, item->size, item->size + 1));
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)item->size, (const char *)item->bytes);
	stage_name(maker->composition->stage, name, text, sizeof(text));
	maker_point_at(maker, arg, maker_area_put(maker, text, strlen(text), strlen(text) + 1));
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
			maker_set_scalar(maker, &field->value, at + field->offset,
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
	uint64_t count =
		value->length == LENGTH_RETURN ? maker_room_of(maker, arg, value, 0) : maker_length_of(maker, value);
	uint32_t at;

	if (!width)
		width = 8;
	if (!item)
		item = event_item(maker->event, arg, ITEM_RAW, 0);
	if (value->direction == DIRECTION_OUT)
		item = NULL;
	if (count > ROOM_MAX / width)
		count = ROOM_MAX / width;
	at = maker_area_put(maker, item ? item->bytes : NULL, item ? item->size : 0, count * width);
	maker_point_at(maker, arg, at);
	for (uint32_t i = 0; item && (i + 1) * width <= item->size; i++) {
		const uint8_t *bytes = item->bytes + i * width;
		if (layout && is_time_of_day(maker, layout, bytes))
			maker_reloc_add(maker, at + i * width, RELOC_TIME, 16, 0, 0);
		else if (layout)
			set_fields(maker, layout, at + i * width, bytes, 0);
		else
			maker_set_scalar(maker, value, at + i * width, value_load(value, bytes, width));
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
		maker_store_add(maker, at + i * 4, STORE_FD, slot);
		if (object)
			maker_access_add(maker, cast_object(composition, object), slot, ACCESS_MADE);
	}
}

void maker_make_pointed(struct maker *maker, unsigned arg, const struct value_spec *value)
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
		maker_make_sockaddr(maker, arg, value);
		return;
	case KIND_IOVEC:
		maker_make_vector(maker, arg, value);
		return;
	case KIND_MSGHDR:
		maker_make_message(maker, arg, value);
		return;
	case KIND_MMSGHDR:
		maker_make_messages(maker, arg, value);
		return;
	case KIND_MSGBUF:
		maker_make_msgbuf(maker, arg, value);
		return;
	case KIND_FDSET:
		maker_make_set(maker, arg);
		return;
	default:
		at = (uint32_t)((maker->data.size + 15) & ~15ull);
		make_array(maker, arg, value);
		store_array(maker, arg, value, at);
	}
}
