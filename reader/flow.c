// SPDX-License-Identifier: MIT
/*
 * Reads the way of the payload off a call's arguments: no call is known by its name.
 */
#include "reader/flow.h"

#include <string.h>

static bool is_payload(const struct value_spec *value)
{
	switch (value->kind) {
	case KIND_BYTES:
	case KIND_IOVEC:
	case KIND_MSGHDR:
	case KIND_MMSGHDR:
	case KIND_MSGBUF:
		return true;
	default:
		return false;
	}
}

static bool is_plain_fd(const struct value_spec *value)
{
	return value->kind == KIND_FD && value->direction == DIRECTION_NONE;
}

/* sendfile, splice and their like have two descriptors and return a size; the names say "in" or "out". */
static struct flow find_move(const struct call_spec *call)
{
	struct flow flow = {FLOW_NONE, FLOW_BYTES_NONE, 0, 255, 255};

	for (uint8_t i = 0; i < call->argc; i++) {
		const char *name = call->args[i].name;
		if (!is_plain_fd(&call->args[i].value))
			continue;
		if (strstr(name, "out"))
			flow.to = i;
		else if (strstr(name, "in"))
			flow.from = i;
	}
	if (flow.from == 255 || flow.to == 255 || call->result.kind != KIND_SIZE)
		return (struct flow){0};
	flow.direction = FLOW_MOVED;
	flow.bytes = FLOW_BYTES_RESULT;
	return flow;
}

/* The argument that says how much there is behind argument `arg`; 0, which is never one, when there is none. */
static uint8_t find_size(const struct call_spec *call, uint8_t arg)
{
	for (uint8_t i = arg + 1; i < call->argc; i++)
		if (call->args[i].value.kind == KIND_SIZE && call->args[i].value.direction == DIRECTION_NONE)
			return i;
	return 0;
}

struct flow flow_of_call(const struct call_spec *call)
{
	for (uint8_t i = 0; i < call->argc; i++) {
		const struct value_spec *value = &call->args[i].value;
		struct flow flow = {.arg = i};
		if (!is_payload(value))
			continue;
		flow.direction = value->direction == DIRECTION_IN ? FLOW_SENT : FLOW_RECEIVED;
		if (value->kind == KIND_BYTES)
			flow.size = find_size(call, i);
		if (value->kind == KIND_MMSGHDR) {
			flow.bytes = FLOW_BYTES_ITEMS;
		} else if (call->result.kind == KIND_SIZE) {
			flow.bytes = FLOW_BYTES_RESULT;
		} else if (value->length == LENGTH_ARG) {
			flow.bytes = FLOW_BYTES_ARG;
			flow.arg = value->length_value;
		} else {
			flow.bytes = FLOW_BYTES_ITEMS;
		}
		return flow;
	}
	return find_move(call);
}

static uint64_t count_items(const struct flow *flow, const struct event *event)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < event->items_count; i++)
		if (event->items[i].form == ITEM_PAYLOAD && event->items[i].arg == flow->arg)
			bytes += event->items[i].total;
	return bytes;
}

/* Of an I/O vector, when all of its lengths were kept. */
static bool vector_size(const struct flow *flow, const struct event *event, uint64_t *size)
{
	const struct event_item *item = event_item(event, flow->arg, ITEM_VECTOR, 0);
	uint64_t length;

	if (!item || item->size != item->total * sizeof(length))
		return false;
	*size = 0;
	for (uint32_t at = 0; at + sizeof(length) <= item->size; at += sizeof(length)) {
		memcpy(&length, item->bytes + at, sizeof(length));
		*size += length;
	}
	return true;
}

bool flow_is_short(const struct flow *flow, const struct event *event)
{
	uint64_t size;

	if (flow->direction != FLOW_SENT || flow->bytes != FLOW_BYTES_RESULT || event->error ||
	    event->outcome != OUTCOME_RETURNED || event->result < 0)
		return false;
	if (flow->size)
		size = event->args[flow->size];
	else if (!vector_size(flow, event, &size))
		return false;
	return (uint64_t)event->result < size;
}

uint64_t flow_count(const struct flow *flow, const struct event *event)
{
	if (event->error || event->outcome != OUTCOME_RETURNED)
		return 0;
	switch (flow->bytes) {
	case FLOW_BYTES_RESULT:
		return event->result > 0 ? (uint64_t)event->result : 0;
	case FLOW_BYTES_ARG:
		return event->args[flow->arg];
	case FLOW_BYTES_ITEMS:
		return count_items(flow, event);
	default:
		return 0;
	}
}
