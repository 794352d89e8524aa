// SPDX-License-Identifier: MIT
/*
 * What was recorded beside a call's arguments, as JSON: how it ended, addresses the tracer asked for, who made it.
 */
#include "reader/json_value.h"

#include <string.h>

static void print_values(struct text *text, const struct event_item *item)
{
	int32_t value;

	text_put(text, ",\"values\":[");
	for (uint32_t at = 0; at + 4 <= item->size; at += 4) {
		memcpy(&value, item->bytes + at, 4);
		if (at)
			text_char(text, ',');
		text_int(text, value);
	}
	text_char(text, ']');
}

/* Why what the arguments point to is not there. */
static void print_unread(struct text *text, const struct event_item *item)
{
	uint32_t error;

	if (item->size != sizeof(error))
		return;
	memcpy(&error, item->bytes, sizeof(error));
	text_put(text, ",\"unread\":");
	if (error_name(error))
		text_json_string(text, error_name(error));
	else
		text_uint(text, error);
}

static void print_extra(struct text *text, const struct event_item *item)
{
	uint64_t number;

	switch (item->form) {
	case ITEM_LOCAL:
	case ITEM_PEER:
		text_put(text, item->form == ITEM_LOCAL ? ",\"local\":" : ",\"peer\":");
		json_print_address(text, item->bytes, item->size);
		break;
	case ITEM_VALUE:
		print_values(text, item);
		break;
	case ITEM_UNREAD:
		print_unread(text, item);
		break;
	case ITEM_ORDINAL:
		if (item->size != sizeof(number))
			break;
		memcpy(&number, item->bytes, sizeof(number));
		text_put(text, ",\"ordinal\":");
		text_uint(text, number);
		break;
	}
}

static const char *const outcome_names[] = {NULL, "cancelled", "jumped", "unfinished", "departed"};

const char *outcome_name(const struct event *event)
{
	bool is_known = event->outcome < sizeof(outcome_names) / sizeof(outcome_names[0]);

	return is_known ? outcome_names[event->outcome] : "unknown";
}

void json_print_extras(struct text *text, const struct event *event)
{
	if (event->outcome)
		text_format(text, ",\"outcome\":\"%s\"", outcome_name(event));
	for (uint32_t i = 0; i < event->items_count; i++)
		print_extra(text, &event->items[i]);
}

void event_caller(const struct event *event, uint32_t *pid, uint32_t *tid)
{
	*pid = event->pid;
	*tid = event->tid;
	if (!event->borrowed)
		return;
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		if (item->form != ITEM_PID || item->size < 8)
			continue;
		memcpy(pid, item->bytes, 4);
		memcpy(tid, item->bytes + 4, 4);
		return;
	}
}
