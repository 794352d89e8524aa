// SPDX-License-Identifier: MIT
/*
 * Vectors and messages as text: payload laid out over its elements, control messages, flags.
 */
#include "reader/value_printer.h"

#include <string.h>
#include <sys/socket.h>

/* Messages of one call that are looked for. */
#define MESSAGES_MAX 1024u

/* The elements' lengths, and the payload laid out over them; that of a call in flight is not known. */
static void print_vector(const struct value_printer *printer, const struct event_item *lengths,
			 const struct event_item *payload)
{
	uint64_t at = 0, kept = payload ? payload->size : 0, total = payload ? payload->total : 0, length;
	uint32_t count = lengths->size / 8;
	struct text *text = printer->text;

	text_char(text, '[');
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&length, lengths->bytes + 8 * i, 8);
		uint64_t here = total - at < length ? total - at : length;
		uint64_t shown = at < kept ? kept - at < here ? kept - at : here : 0;
		if (i)
			text_put(text, ", ");
		text_put(text, "{iov_base=");
		if (!payload && printer->event->outcome == OUTCOME_UNFINISHED)
			text_put(text, "...");
		else
			value_print_string(printer, shown ? payload->bytes + at : NULL, shown, here);
		text_put(text, ", iov_len=");
		text_uint(text, length);
		text_char(text, '}');
		at += here;
	}
	if (count < lengths->total)
		text_put(text, count ? ", ..." : "...");
	text_char(text, ']');
}

bool value_print_iovec(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *lengths = event_item(printer->event, arg, ITEM_VECTOR, 0);

	if (!lengths)
		return false;
	print_vector(printer, lengths, event_item(printer->event, arg, ITEM_PAYLOAD, 0));
	return true;
}

static void print_control_data(const struct value_printer *printer, const struct control_message *message)
{
	struct control_layout layout = control_layout(message->level, message->type);
	bool is_rights = message->level == SOL_SOCKET && message->type == SCM_RIGHTS;
	struct value_spec value = {.kind = is_rights ? KIND_FD : KIND_INT, .width = layout.width, .is_signed = true};
	size_t count = layout.width ? message->size / layout.width : 0;

	if (!layout.width) {
		value_print_string(printer, message->data, message->size, message->size);
		return;
	}
	text_char(printer->text, layout.names ? '{' : '[');
	for (size_t i = 0; i < count && (!layout.names || layout.names[i]); i++) {
		if (i)
			text_put(printer->text, ", ");
		if (layout.names)
			text_format(printer->text, "%s=", layout.names[i]);
		value_print_word(printer, &value, value_load(&value, message->data + i * layout.width, layout.width));
	}
	text_char(printer->text, layout.names ? '}' : ']');
}

static void print_control(const struct value_printer *printer, const struct event_item *item)
{
	struct control_message message;
	struct text *text = printer->text;
	const char *name, *before = "";
	size_t at = 0;

	text_char(text, '[');
	while (control_next(item->bytes, item->size, &at, &message)) {
		text_put(text, before);
		before = ", ";
		text_put(text, "{cmsg_len=");
		text_uint(text, message.length);
		text_put(text, ", cmsg_level=");
		name = control_level_name(message.level);
		if (name)
			text_put(text, name);
		else
			text_int(text, message.level);
		text_put(text, ", cmsg_type=");
		name = control_type_name(message.level, message.type);
		if (name)
			text_put(text, name);
		else
			text_hex(text, (uint32_t)message.type);
		text_put(text, ", cmsg_data=");
		print_control_data(printer, &message);
		text_put(text, message.is_truncated ? "...}" : "}");
	}
	text_char(text, ']');
}

/* False when nothing was seen of message `index`. */
static bool print_message(const struct value_printer *printer, unsigned arg, unsigned index)
{
	const struct event *event = printer->event;
	const struct event_item *name = event_item(event, arg, ITEM_ADDRESS, index);
	const struct event_item *lengths = event_item(event, arg, ITEM_VECTOR, index);
	const struct event_item *control = event_item(event, arg, ITEM_CONTROL, index);
	const struct event_item *flags = event_item(event, arg, ITEM_FLAGS, index);
	struct text *text = printer->text;

	if (!name && !lengths && !control && !flags)
		return false;
	text_put(text, "{msg_name=");
	if (name)
		value_print_address(text, name->bytes, name->size);
	else
		text_put(text, "NULL");
	if (lengths) {
		text_put(text, ", msg_iov=");
		print_vector(printer, lengths, event_item(event, arg, ITEM_PAYLOAD, index));
	}
	if (control) {
		text_put(text, ", msg_control=");
		print_control(printer, control);
	}
	if (flags) {
		struct value_spec value = value_message_flags(printer->event);
		text_put(text, ", msg_flags=");
		value_print_scalar(text, printer->catalogue, &value, value_load(&value, flags->bytes, flags->size));
	}
	text_char(text, '}');
	return true;
}

bool value_print_msghdr(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	return print_message(printer, arg, 0);
}

bool value_print_mmsghdr(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct value_spec number = {.width = 4};
	struct text *text = printer->text;
	const struct event_item *length;

	if (!event_item(printer->event, arg, ITEM_LENGTH, 0))
		return false;
	text_char(text, '[');
	for (unsigned i = 0; i < MESSAGES_MAX && (length = event_item(printer->event, arg, ITEM_LENGTH, i)); i++) {
		text_put(text, i ? ", {msg_hdr=" : "{msg_hdr=");
		if (!print_message(printer, arg, i))
			text_put(text, "{}");
		text_put(text, ", msg_len=");
		text_uint(text, value_load(&number, length->bytes, length->size));
		text_char(text, '}');
	}
	text_char(text, ']');
	return true;
}
