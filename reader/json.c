// SPDX-License-Identifier: MIT
/*
 * Values as JSON. One function a kind, found through a table; no call is known by name. docs/json.md is its contract.
 */
#include "reader/json_value.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "reader/wait_status.h"

/* ---- scalars -------------------------------------------------------------------------------------------------- */

static void print_hex_string(struct text *text, uint64_t word)
{
	text_char(text, '"');
	text_hex(text, word);
	text_char(text, '"');
}

static void print_pointer(struct text *text, uint64_t address)
{
	if (address)
		print_hex_string(text, address);
	else
		text_put(text, "null");
}

static void print_flags(struct text *text, const struct names_spec *flags, const struct value_spec *value,
			uint64_t word)
{
	uint64_t octal = flags ? word & flags_octal(flags) : 0, left = word & ~octal;
	const char *name, *before = "";
	uint32_t row = 0;

	text_char(text, '[');
	while (flags && (name = flags_next(flags, word, &left, &row))) {
		text_put(text, before);
		text_json_string(text, name);
		before = ",";
	}
	if (octal) {
		text_put(text, before);
		text_char(text, '"');
		text_octal(text, octal);
		text_char(text, '"');
		before = ",";
	}
	if (left) {
		text_put(text, before);
		print_hex_string(text, value_bits(value, left));
	}
	text_char(text, ']');
}

static void print_number(struct text *text, const struct value_spec *value, uint64_t word)
{
	if (value->is_signed)
		text_int(text, (int64_t)word);
	else
		text_uint(text, word);
}

void json_print_scalar(const struct json_printer *printer, const struct value_spec *value, uint64_t word)
{
	const struct catalogue *catalogue = printer->event->catalogue;
	const struct names_spec *names;
	char address[INET_ADDRSTRLEN];
	const char *name;

	word = value_word(value, word);
	switch (value->kind) {
	case KIND_HEX:
		print_hex_string(printer->text, value_bits(value, word));
		return;
	case KIND_ADDRESS:
	case KIND_SEM:
		print_pointer(printer->text, word);
		return;
	case KIND_PORT:
		text_uint(printer->text, __builtin_bswap16((uint16_t)word));
		return;
	case KIND_WAIT_STATUS:
		wait_status_print_json(printer->text, value_enum(catalogue, value), (uint32_t)word);
		return;
	case KIND_IN_ADDR:
		internet_address_write(address, word);
		text_json_string(printer->text, address);
		return;
	case KIND_FLAGS:
		print_flags(printer->text, value_flags(catalogue, value), value, word);
		return;
	case KIND_ENUM:
		names = value_enum(catalogue, value);
		name = names ? enum_name(names, word, value->width) : NULL;
		if (name)
			text_json_string(printer->text, name);
		else
			print_number(printer->text, value, word);
		return;
	default:
		print_number(printer->text, value, word);
	}
}

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

void json_print_payload(const struct json_printer *printer, const struct event_item *item)
{
	if (!item) {
		text_put(printer->text, "null");
		return;
	}
	text_put(printer->text, "{\"length\":");
	text_uint(printer->text, item->total);
	text_put(printer->text, ",\"hash\":\"");
	text_hex_digits(printer->text, item->hash, 8);
	text_put(printer->text, "\",\"bytes\":");
	text_json_bytes(printer->text, item->bytes, item->size);
	text_char(printer->text, '}');
}

static bool print_bytes(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_PAYLOAD, 0);

	if (item)
		json_print_payload(printer, item);
	return item != NULL;
}

/* Opens the form of something of which only the first part was kept. */
static void open_cut(struct text *text, uint64_t total)
{
	text_put(text, "{\"total\":");
	text_uint(text, total);
	text_put(text, ",\"first\":");
}

static bool print_string(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_STRING, 0);
	bool is_cut = item && item->size < item->total;

	if (!item)
		return false;
	if (is_cut)
		open_cut(printer->text, item->total);
	text_json_bytes(printer->text, item->bytes, item->size);
	if (is_cut)
		text_char(printer->text, '}');
	return true;
}

static bool print_strings(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_STRINGS, 0);
	uint32_t at = 0, count = 0;
	bool is_cut;

	if (!item)
		return false;
	for (uint32_t i = 0; i < item->size; i++)
		count += !item->bytes[i];
	count += item->size && item->bytes[item->size - 1];
	is_cut = count < item->total;
	if (is_cut)
		open_cut(printer->text, item->total);
	text_char(printer->text, '[');
	while (at < item->size) {
		size_t size = strnlen((const char *)item->bytes + at, item->size - at);
		if (at)
			text_char(printer->text, ',');
		text_json_bytes(printer->text, item->bytes + at, size);
		at += size + 1;
	}
	text_put(printer->text, is_cut ? "]}" : "]");
	return true;
}

void json_print_address(struct text *text, const uint8_t *bytes, size_t size)
{
	struct socket_address address;
	const char *family;
	bool is_known;

	socket_address_read(&address, bytes, size);
	family = family_name(address.family);
	is_known = !address.is_truncated &&
		   (address.has_port || address.family == AF_UNIX || address.family == AF_NETLINK || size == 2);
	text_put(text, "{");
	if (size >= 2) {
		text_put(text, "\"family\":");
		if (family)
			text_json_string(text, family);
		else
			text_uint(text, address.family);
	}
	if (!is_known) {
		text_put(text, size >= 2 ? ",\"data\":" : "\"data\":");
		text_json_bytes(text, bytes + (size < 2 ? 0 : 2), size < 2 ? size : size - 2);
	} else if (address.has_port) {
		text_format(text, ",\"address\":\"%s\",\"port\":%u", address.address, address.port);
		if (address.family == AF_INET6)
			text_format(text, ",\"flow\":%u,\"scope\":%u", address.flow, address.scope);
	} else if (address.family == AF_UNIX && (address.path_size || address.is_abstract)) {
		text_put(text, address.is_abstract ? ",\"abstract\":" : ",\"path\":");
		text_json_bytes(text, address.path, address.path_size);
	} else if (address.family == AF_NETLINK) {
		text_format(text, ",\"pid\":%u,\"groups\":%u", address.netlink, address.groups);
	}
	text_char(text, '}');
}

static bool print_address(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_ADDRESS, 0);

	if (item)
		json_print_address(printer->text, item->bytes, item->size);
	return item != NULL;
}

static bool print_msgbuf(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *type = event_item(printer->event, arg, ITEM_TYPE, 0);
	const struct value_spec number = {.width = 8, .is_signed = true};

	if (!type)
		return false;
	text_put(printer->text, "{\"type\":");
	text_int(printer->text, (int64_t)value_load(&number, type->bytes, type->size));
	text_put(printer->text, ",\"data\":");
	json_print_payload(printer, event_item(printer->event, arg, ITEM_PAYLOAD, 0));
	text_char(printer->text, '}');
	return true;
}

/* ---- structs and arrays --------------------------------------------------------------------------------------- */

static void print_struct(const struct json_printer *printer, const struct struct_spec *layout, const uint8_t *bytes,
			 size_t size, unsigned depth);

static void print_outer_struct(const struct json_printer *printer, const struct struct_spec *layout,
			       const uint8_t *bytes, size_t size)
{
	const void *form = &layout->fields; /* the layout itself stands for its text that is not JSON */
	size_t begin = printer->text->size;

	if (!printer->structs || !struct_is_nameless(layout)) {
		print_struct(printer, layout, bytes, size, 1);
	} else if (!struct_memo_put(printer->structs, form, bytes, size, printer->text)) {
		print_struct(printer, layout, bytes, size, 1);
		struct_memo_keep(printer->structs, form, bytes, size, printer->text, begin);
	}
}

static void print_element(const struct json_printer *printer, const struct value_spec *value, const uint8_t *bytes,
			  size_t size, unsigned depth)
{
	const struct struct_spec *layout = value_struct(printer->event->catalogue, value);

	if (layout && !depth)
		print_outer_struct(printer, layout, bytes, size);
	else if (layout && depth < VALUE_DEPTH_MAX)
		print_struct(printer, layout, bytes, size, depth + 1);
	else if (value->kind < KIND_BYTES)
		json_print_scalar(printer, value, value_load(value, bytes, size));
	else
		text_json_bytes(printer->text, bytes, size);
}

static void print_array(const struct json_printer *printer, const struct value_spec *value, const uint8_t *bytes,
			size_t size, uint64_t total, unsigned depth)
{
	uint32_t element = value_size(printer->event->catalogue, value);
	uint64_t count = element ? size / element : 0;
	bool is_cut = element && count < total / element;

	if (!element) {
		text_json_bytes(printer->text, bytes, size);
		return;
	}
	if (is_cut)
		open_cut(printer->text, total / element);
	text_char(printer->text, '[');
	for (uint64_t i = 0; i < count; i++) {
		if (i)
			text_char(printer->text, ',');
		print_element(printer, value, bytes + i * element, element, depth);
	}
	text_put(printer->text, is_cut ? "]}" : "]");
}

static void print_field(const struct json_printer *printer, const struct field_spec *field, const uint8_t *bytes,
			size_t size, unsigned depth)
{
	struct value_spec value = field->value;
	uint32_t element = value_size(printer->event->catalogue, &value);
	size_t room = size - field->offset;
	size_t count = value.length == LENGTH_FIXED ? value.length_value : 1;
	size_t wanted = element * count < room ? element * count : room;

	bytes += field->offset;
	if (value.direction != DIRECTION_NONE) {
		value.width = 0;
		print_pointer(printer->text, value_load(&value, bytes, room));
	} else if (value.kind == KIND_STRING) {
		text_json_bytes(printer->text, bytes, strnlen((const char *)bytes, wanted));
	} else if (value.kind == KIND_SOCKADDR) {
		json_print_address(printer->text, bytes, wanted);
	} else if (value.kind == KIND_BYTES) {
		text_json_bytes(printer->text, bytes, wanted);
	} else if (value.length == LENGTH_FIXED) {
		print_array(printer, &value, bytes, wanted, wanted, depth);
	} else {
		print_element(printer, &value, bytes, wanted, depth);
	}
}

static void print_struct(const struct json_printer *printer, const struct struct_spec *layout, const uint8_t *bytes,
			 size_t size, unsigned depth)
{
	const char *before = "";

	text_char(printer->text, '{');
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct field_spec *field = &layout->fields[i];
		if (field->offset >= size)
			continue;
		text_put(printer->text, before);
		before = ",";
		text_json_string(printer->text, field->name);
		text_char(printer->text, ':');
		print_field(printer, field, bytes, size, depth);
	}
	text_char(printer->text, '}');
}

static void print_raw_item(const struct json_printer *printer, const struct value_spec *value,
			   const struct event_item *item)
{
	uint32_t element = value_size(printer->event->catalogue, value);

	if (element && item->size && (value->length == LENGTH_NONE || item->size < element))
		print_element(printer, value, item->bytes, item->size, 0);
	else
		print_array(printer, value, item->bytes, item->size, item->total, 0);
}

static void print_set_item(const struct json_printer *printer, const struct value_spec *value,
			   const struct event_item *item)
{
	const char *before = "";

	text_char(printer->text, '[');
	for (uint32_t bit = 0; bit < item->size * 8; bit++) {
		if (!(item->bytes[bit / 8] >> bit % 8 & 1))
			continue;
		text_put(printer->text, before);
		text_uint(printer->text, bit);
		before = ",";
	}
	text_char(printer->text, ']');
}

static bool print_change(const struct json_printer *printer, unsigned arg, const struct value_spec *value,
			 void (*print)(const struct json_printer *, const struct value_spec *,
				       const struct event_item *))
{
	const struct event_item *before = event_item(printer->event, arg, ITEM_BEFORE, 0);
	const struct event_item *after = event_item(printer->event, arg, ITEM_RAW, 0);

	if (before && after && before->size == after->size && !memcmp(before->bytes, after->bytes, after->size))
		before = NULL;
	if (before && after)
		text_put(printer->text, "{\"before\":");
	if (before)
		print(printer, value, before);
	if (before && after)
		text_put(printer->text, ",\"after\":");
	if (after)
		print(printer, value, after);
	if (before && after)
		text_char(printer->text, '}');
	return before || after;
}

static bool print_raw(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	return print_change(printer, arg, value, print_raw_item);
}

static bool print_fdset(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	return print_change(printer, arg, value, print_set_item);
}

/* ---- the event ------------------------------------------------------------------------------------------------ */

/* What is behind a pointer; false when nothing was recorded. */
static bool (*const pointed[KIND_COUNT])(const struct json_printer *, unsigned, const struct value_spec *) = {
	[KIND_BYTES] = print_bytes,	     [KIND_STRING] = print_string,    [KIND_STRINGS] = print_strings,
	[KIND_SOCKADDR] = print_address,     [KIND_IOVEC] = json_print_iovec, [KIND_MSGHDR] = json_print_msghdr,
	[KIND_MMSGHDR] = json_print_mmsghdr, [KIND_MSGBUF] = print_msgbuf,    [KIND_FDSET] = print_fdset,
};

static void print_arg(const struct json_printer *printer, unsigned arg, const struct value_spec *value)
{
	uint64_t word = printer->event->args[arg];
	bool (*print)(const struct json_printer *, unsigned, const struct value_spec *) = pointed[value->kind];

	if (value->direction == DIRECTION_NONE && value->kind < KIND_BYTES)
		json_print_scalar(printer, value, word);
	else if (!(print ? print : print_raw)(printer, arg, value))
		print_pointer(printer->text, word);
}

void json_print_arg(struct text *text, const struct event *event, unsigned arg, const struct value_style *style)
{
	const struct json_printer printer = {text, event, style->structs};
	struct value_spec value = value_of_arg(event, arg);

	print_arg(&printer, arg, &value);
}

void json_print_open_args(struct text *text, const struct event *event, const struct value_style *style)
{
	const struct json_printer printer = {text, event, style->structs};
	const char *before = "";

	text_char(text, '{');
	for (unsigned i = 0; i < event->call->argc; i++) {
		struct value_spec value = value_of_arg(event, i);
		if (!value_arg_is_shown(event, i, &value))
			continue;
		text_put(text, before);
		before = ",";
		text_json_string(text, event->call->args[i].name);
		text_char(text, ':');
		if (!style->leaves_out || !style->leaves_out(style->context, i))
			print_arg(&printer, i, &value);
	}
	text_char(text, '}');
}

void json_print_args(struct text *text, const struct event *event)
{
	const struct value_style whole = {0};

	json_print_open_args(text, event, &whole);
}

void json_print_result(struct text *text, const struct event *event)
{
	const struct json_printer printer = {text, event, NULL};
	const struct call_spec *call = event->call;
	bool failed = call_failed(call, event->result);

	if (event->outcome != OUTCOME_RETURNED || call->result.kind == KIND_UNRECORDED ||
	    (failed && call->failure == FAILURE_NULL))
		text_put(text, "null");
	else if (failed && call->failure == FAILURE_MINUS_ONE)
		text_put(text, "-1");
	else if (call->result.kind >= KIND_BYTES)
		print_pointer(text, (uint64_t)event->result);
	else
		json_print_scalar(&printer, &call->result, (uint64_t)event->result);
}

void json_print_error(struct text *text, const struct event *event)
{
	bool is_number = event->call->failure != FAILURE_STATUS;
	const char *name = is_number ? error_name(event->error) : NULL;

	if (name)
		text_json_string(text, name);
	else if (event->error && is_number)
		text_uint(text, event->error);
	else
		text_put(text, "null");
}
