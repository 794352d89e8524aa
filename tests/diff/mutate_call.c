// SPDX-License-Identifier: MIT
/*
 * What a call is according to its row, and payloads cut and joined.
 */
#include "tests/diff/mutate_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "format/crc32c.h"

struct value_spec call_value(const struct event *event, unsigned arg)
{
	return catalogue_resolve(event->catalogue, event->call, arg, event->args);
}

int call_subject(const struct event *event)
{
	for (unsigned arg = 0; arg < event->call->argc; arg++) {
		struct value_spec value = call_value(event, arg);
		if (value.direction)
			continue;
		switch (value.kind) {
		case KIND_FD:
		case KIND_MSQID:
		case KIND_SEMID:
		case KIND_SHMID:
		case KIND_MQD:
			return (int)arg;
		default:
			break;
		}
	}
	return -1;
}

const struct event_item *call_payload(const struct event *event)
{
	const struct event_item *payload = NULL;

	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_PAYLOAD || !item->total)
			continue;
		if (payload || item->arg >= event->call->argc)
			return NULL;
		payload = item;
	}
	return payload;
}

bool call_sends(const struct event *event)
{
	const struct event_item *payload = call_payload(event);

	return payload && call_value(event, payload->arg).direction == DIRECTION_IN;
}

static bool has_identity(const struct event *event, enum identity identity)
{
	if (event->call->result.identity == identity)
		return true;
	for (unsigned arg = 0; arg < event->call->argc; arg++)
		if (call_value(event, arg).identity == identity)
			return true;
	return false;
}

bool call_makes(const struct event *event)
{
	return has_identity(event, IDENTITY_NEW);
}

bool call_ends(const struct event *event)
{
	return has_identity(event, IDENTITY_GONE);
}

static bool is_family(const struct event *event, const char *family)
{
	return !strcmp(event->call->family, family);
}

static bool is_retry(int error)
{
	static const int errors[] = {EAGAIN, EINTR, EINPROGRESS, EALREADY, ETIMEDOUT, ENOMSG};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i] == error)
			return true;
	return false;
}

bool call_counts(const struct draft *draft, const struct draft_event *event)
{
	const struct draft_object *object = &draft->objects[event->object];

	if (event->event.outcome != OUTCOME_RETURNED || event->event.borrowed || is_retry(event->event.error))
		return false;
	if (is_family(&event->event, "poll") || is_family(&event->event, "process"))
		return false;
	/* what the kernel says there is the machine's doing */
	if (object->name && (!strncmp(object->name, "file /proc/", 11) || !strncmp(object->name, "file /sys/", 10)))
		return false;
	return event->object && object->type != OBJECT_UNKNOWN && object->type != OBJECT_DESCRIPTOR &&
	       object->type != OBJECT_PROCESS && object->type != OBJECT_THREAD;
}

bool call_acts(const struct draft *draft, const struct draft_event *event)
{
	if (!call_counts(draft, event) || call_makes(&event->event) || call_ends(&event->event))
		return false;
	if (call_payload(&event->event))
		return event->event.error || event->event.result >= 0;
	return event->event.call->waits && (is_family(&event->event, "sysv") || is_family(&event->event, "posix-ipc"));
}

bool call_is_on_stream(const struct draft *draft, const struct draft_event *event)
{
	const struct draft_object *object = &draft->objects[event->object];

	return event->object &&
	       (object->type == OBJECT_PIPE || (object->type == OBJECT_SOCKET && object->socket_type == SOCK_STREAM));
}

/* ---- payloads ------------------------------------------------------------------------------------------------- */

static uint32_t hash_bytes(const uint8_t *bytes, uint32_t size)
{
	crc32c_prepare();
	return crc32c_update(0, bytes, size);
}

/* The hash of all behind the first `from` bytes, which were kept. */
static uint32_t hash_behind(const struct event_item *item, uint32_t from)
{
	return crc32c_combine(hash_bytes(item->bytes, from), item->hash, item->total - from);
}

struct event_item payload_piece(const struct event_item *item, uint32_t from, uint32_t to)
{
	struct event_item piece = *item;

	piece.total = to - from;
	piece.bytes = item->bytes + from;
	piece.size = item->size - from < piece.total ? item->size - from : piece.total;
	if (to == item->total)
		piece.hash = hash_behind(item, from);
	else
		piece.hash = hash_bytes(piece.bytes, piece.size);
	return piece;
}

struct event_item payload_join(struct draft *draft, const struct event_item *first, const struct event_item *second,
			       uint32_t limit)
{
	struct event_item joined = *first;
	uint32_t more = first->size == first->total && first->size < limit ? limit - first->size : 0;
	uint8_t *bytes;

	if (more > second->size)
		more = second->size;
	bytes = draft_memory(draft, first->size + more, 1);
	memcpy(bytes, first->bytes, first->size);
	memcpy(bytes + first->size, second->bytes, more);
	joined.bytes = bytes;
	joined.size = first->size + more;
	joined.total = first->total + second->total;
	joined.hash = crc32c_combine(first->hash, second->hash, second->total);
	return joined;
}

void payload_replace(struct event_item *item, const uint8_t *bytes)
{
	uint32_t behind = hash_behind(item, item->size);

	item->hash = crc32c_combine(hash_bytes(bytes, item->size), behind, item->total - item->size);
	item->bytes = bytes;
}
