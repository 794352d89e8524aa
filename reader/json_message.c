// SPDX-License-Identifier: MIT
/*
 * Vectors and messages as JSON: lengths, gathered payload, control messages.
 */
#include "reader/json_value.h"

#include <string.h>

/* Messages of one call that are looked for. */
#define MESSAGES_MAX 1024u

static void print_lengths(const struct json_printer *printer, const struct event_item *item)
{
	uint32_t count = item->size / 8;
	struct text *text = printer->text;
	uint64_t length;

	if (count < item->total) {
		text_put(text, "{\"total\":");
		text_uint(text, item->total);
		text_put(text, ",\"first\":");
	}
	text_char(text, '[');
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&length, item->bytes + 8 * i, 8);
		if (i)
			text_char(text, ',');
		text_uint(text, length);
	}
	text_put(text, count < item->total ? "]}" : "]");
}

bool json_print_iovec(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *lengths = event_item(printer->event, arg, ITEM_VECTOR, 0);

	if (!lengths)
		return false;
	text_put(printer->text, "{\"iov\":");
	print_lengths(printer, lengths);
	text_put(printer->text, ",\"data\":");
	json_print_payload(printer, event_item(printer->event, arg, ITEM_PAYLOAD, 0));
	text_char(printer->text, '}');
	return true;
}

static void print_name(struct text *text, const char *key, const char *name, int32_t number)
{
	text_put(text, key);
	if (name)
		text_json_string(text, name);
	else
		text_int(text, number);
}

static void print_control_data(struct text *text, const struct control_message *message)
{
	struct control_layout layout = control_layout(message->level, message->type);
	struct value_spec value = {.kind = KIND_INT, .width = layout.width, .is_signed = true};
	size_t count = layout.width ? message->size / layout.width : 0;

	if (!layout.width) {
		text_json_bytes(text, message->data, message->size);
		return;
	}
	text_char(text, layout.names ? '{' : '[');
	for (size_t i = 0; i < count && (!layout.names || layout.names[i]); i++) {
		if (i)
			text_char(text, ',');
		if (layout.names)
			text_format(text, "\"%s\":", layout.names[i]);
		text_int(text, (int64_t)value_load(&value, message->data + i * layout.width, layout.width));
	}
	text_char(text, layout.names ? '}' : ']');
}

static void print_control(struct text *text, const struct event_item *item)
{
	struct control_message message;
	const char *before = "";
	size_t at = 0;

	text_char(text, '[');
	while (control_next(item->bytes, item->size, &at, &message)) {
		text_put(text, before);
		before = ",";
		text_put(text, "{\"length\":");
		text_uint(text, message.length);
		print_name(text, ",\"level\":", control_level_name(message.level), message.level);
		print_name(text, ",\"type\":", control_type_name(message.level, message.type), message.type);
		text_put(text, ",\"data\":");
		print_control_data(text, &message);
		text_char(text, '}');
	}
	text_char(text, ']');
}

static void print_flags(const struct json_printer *printer, const struct event_item *item)
{
	struct value_spec value = value_message_flags(printer->event);

	json_print_scalar(printer, &value, value_load(&value, item->bytes, item->size));
}

/* The inside of a message, without its braces; `begin` is what stands before its first item when there is any. */
static bool print_message(const struct json_printer *printer, unsigned arg, unsigned index, const char *begin)
{
	const struct event *event = printer->event;
	const struct event_item *name = event_item(event, arg, ITEM_ADDRESS, index);
	const struct event_item *lengths = event_item(event, arg, ITEM_VECTOR, index);
	const struct event_item *control = event_item(event, arg, ITEM_CONTROL, index);
	const struct event_item *flags = event_item(event, arg, ITEM_FLAGS, index);
	struct text *text = printer->text;

	if (!name && !lengths && !control && !flags)
		return false;
	text_put(text, begin);
	text_put(text, "\"name\":");
	if (name)
		json_print_address(text, name->bytes, name->size);
	else
		text_put(text, "null");
	text_put(text, ",\"iov\":");
	if (lengths)
		print_lengths(printer, lengths);
	else
		text_put(text, "null");
	text_put(text, ",\"data\":");
	json_print_payload(printer, event_item(event, arg, ITEM_PAYLOAD, index));
	text_put(text, ",\"control\":");
	if (control)
		print_control(text, control);
	else
		text_put(text, "null");
	text_put(text, ",\"flags\":");
	if (flags)
		print_flags(printer, flags);
	else
		text_put(text, "null");
	return true;
}

bool json_print_msghdr(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	if (!print_message(printer, arg, 0, "{"))
		return false;
	text_char(printer->text, '}');
	return true;
}

bool json_print_mmsghdr(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct value_spec number = {.width = 4};
	struct text *text = printer->text;
	const struct event_item *length;

	if (!event_item(printer->event, arg, ITEM_LENGTH, 0))
		return false;
	text_char(text, '[');
	for (unsigned i = 0; i < MESSAGES_MAX && (length = event_item(printer->event, arg, ITEM_LENGTH, i)); i++) {
		text_put(text, i ? ",{\"length\":" : "{\"length\":");
		text_uint(text, value_load(&number, length->bytes, length->size));
		print_message(printer, arg, i, ",");
		text_char(text, '}');
	}
	text_char(text, ']');
	return true;
}
