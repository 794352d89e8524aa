// SPDX-License-Identifier: MIT
/*
 * Addresses that a call is given or gets, and whose ports they are.
 */
#include "replay/template_parts.h"

#include <sys/socket.h>

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
	maker_access_add(maker, name, SCORE_NONE, 0);
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
		maker_reloc_add(maker, at + 2, RELOC_PORT, 2, owner, 0);
		COMPOSED_OBJECT(composition, owner)->sender = maker->object;
	} else if (!composition->stage->has_network) {
		maker_reloc_add(maker, at + 2, RELOC_PORT, 2, maker->object, 0);
	}
}

void maker_note_sender(struct maker *maker, const struct event_item *item)
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

void maker_note_port(struct maker *maker)
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

uint32_t maker_address_put(struct maker *maker, const struct event_item *item, uint32_t *size)
{
	struct composition *composition = maker->composition;
	const struct endpoint endpoint = endpoint_parse(item->bytes, item->size);
	uint8_t text[128];
	struct access *access;
	uint32_t at;

	*size = stage_address(composition->stage, item->bytes, item->size, text);
	if (maker->object != SCORE_NONE && !maker->is_binding) {
		access = maker_access_add(maker, maker->object, SCORE_NONE, ACCESS_SENDS_TO);
		if (access) {
			access->data = pool_add(composition, text, *size);
			access->size = *size;
		}
	}
	at = maker_area_put(maker, text, *size, sizeof(text));
	set_port(maker, &endpoint, at);
	note_name(maker, &endpoint);
	return at;
}

void maker_make_sockaddr(struct maker *maker, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(maker->event, arg, ITEM_ADDRESS, 0);
	uint32_t size;

	if (value->direction != DIRECTION_IN)
		maker_note_sender(maker, item);
	if (value->direction != DIRECTION_IN || !item) {
		uint64_t room = maker_length_of(maker, value);
		maker_point_at(maker, arg,
			       maker_area_put(maker, NULL, 0,
					      room < 128    ? 128
					      : room < 4096 ? room
							    : 4096));
		return;
	}
	maker_point_at(maker, arg, maker_address_put(maker, item, &size));
	if (value->length == LENGTH_ARG && maker->event->args[value->length_value] == item->size)
		maker->words[value->length_value] = size;
}
