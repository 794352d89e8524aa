// SPDX-License-Identifier: MIT
/*
 * Values as text, in the way of strace. One function a kind, found through a table; no call is known by name.
 */
#include "reader/value_printer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Elements of one array that are printed; the rest are dots. */
#define ELEMENTS_MAX 1024u

/* ---- words and their names ------------------------------------------------------------------------------------ */

void value_print_name(struct text *text, const struct event *event, const struct value_style *style, enum kind kind,
		      uint64_t value, enum value_role role)
{
	const char *name = style->object_name ? style->object_name(style->context, event, kind, value, role) : NULL;

	if (!name)
		return;
	text_char(text, '<');
	text_put(text, name);
	text_char(text, '>');
}

static void print_named(const struct value_printer *printer, const struct value_spec *value, uint64_t word,
			enum value_role role)
{
	value_print_scalar(printer->text, printer->catalogue, value, word);
	if (printer->style->object_name)
		value_print_name(printer->text, printer->event, printer->style, value->kind, value_word(value, word),
				 role);
}

void value_print_word(const struct value_printer *printer, const struct value_spec *value, uint64_t word)
{
	print_named(printer, value, word, value->identity == IDENTITY_NEW ? VALUE_MADE : VALUE_GIVEN);
}

static void print_pointer(struct text *text, uint64_t address)
{
	if (address)
		text_hex(text, address);
	else
		text_put(text, "NULL");
}

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

/* "...", and dots behind it when there was more than `size`. */
void value_print_string(const struct value_printer *printer, const uint8_t *bytes, size_t size, uint64_t total)
{
	size_t shown = size < printer->style->string_limit ? size : printer->style->string_limit;

	text_char(printer->text, '"');
	text_escape(printer->text, bytes, shown);
	text_char(printer->text, '"');
	if (shown < total)
		text_put(printer->text, "...");
}

static bool print_payload(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_PAYLOAD, 0);

	if (!item)
		return false;
	value_print_string(printer, item->bytes, item->size, item->total);
	return true;
}

static bool print_text(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_STRING, 0);

	if (!item)
		return false;
	value_print_string(printer, item->bytes, item->size, item->total);
	return true;
}

static bool print_strings(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_STRINGS, 0);
	struct text *text = printer->text;
	uint32_t at = 0, count = 0;

	if (!item)
		return false;
	text_char(text, '[');
	for (; at < item->size; count++) {
		size_t size = strnlen((const char *)item->bytes + at, item->size - at);
		if (count)
			text_put(text, ", ");
		value_print_string(printer, item->bytes + at, size, size);
		at += size + 1;
	}
	if (count < item->total)
		text_put(text, count ? ", ..." : "...");
	text_char(text, ']');
	return true;
}

/* ---- socket addresses ----------------------------------------------------------------------------------------- */

void value_print_address(struct text *text, const uint8_t *bytes, size_t size)
{
	struct socket_address address;
	const char *family;

	socket_address_read(&address, bytes, size);
	family = size >= 2 ? family_name(address.family) : NULL;
	text_put(text, "{sa_family=");
	if (family)
		text_put(text, family);
	else
		text_uint(text, address.family);
	if (address.is_truncated ||
	    (size > 2 && !address.has_port && address.family != AF_UNIX && address.family != AF_NETLINK)) {
		text_put(text, ", sa_data=\"");
		text_escape(text, bytes + (size < 2 ? size : 2), size < 2 ? 0 : size - 2);
		text_char(text, '"');
	} else if (address.family == AF_INET) {
		text_format(text, ", sin_port=htons(%u), sin_addr=inet_addr(\"%s\")", address.port, address.address);
	} else if (address.family == AF_INET6) {
		text_format(text,
			    ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"%s\", &sin6_addr), "
			    "sin6_scope_id=%u",
			    address.port, address.flow, address.address, address.scope);
	} else if (address.family == AF_UNIX && (address.path_size || address.is_abstract)) {
		text_put(text, address.is_abstract ? ", sun_path=@\"" : ", sun_path=\"");
		text_escape(text, address.path, address.path_size);
		text_char(text, '"');
	} else if (address.family == AF_NETLINK) {
		text_format(text, ", nl_pid=%u, nl_groups=%08x", address.netlink, address.groups);
	}
	text_char(text, '}');
}

static bool print_address(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *item = event_item(printer->event, arg, ITEM_ADDRESS, 0);

	if (!item)
		return false;
	value_print_address(printer->text, item->bytes, item->size);
	return true;
}

/* ---- structs and arrays --------------------------------------------------------------------------------------- */

static void print_struct(const struct value_printer *printer, const struct struct_spec *layout, const uint8_t *bytes,
			 size_t size, unsigned depth);

bool struct_is_nameless(const struct struct_spec *layout)
{
	static const bool nameless[KIND_COUNT] = {
		[KIND_INT] = true, [KIND_UINT] = true,	[KIND_SIZE] = true, [KIND_OFFSET] = true,
		[KIND_HEX] = true, [KIND_FLAGS] = true, [KIND_ENUM] = true};

	for (uint32_t i = 0; i < layout->count; i++)
		if (!nameless[layout->fields[i].value.kind] || layout->fields[i].value.identity != IDENTITY_NONE)
			return false;
	return true;
}

static void print_outer_struct(const struct value_printer *printer, const struct struct_spec *layout,
			       const uint8_t *bytes, size_t size)
{
	struct struct_memo *memo = printer->style->structs;
	size_t begin = printer->text->size;

	if (!memo || !struct_is_nameless(layout)) {
		print_struct(printer, layout, bytes, size, 1);
	} else if (!struct_memo_put(memo, layout, bytes, size, printer->text)) {
		print_struct(printer, layout, bytes, size, 1);
		struct_memo_keep(memo, layout, bytes, size, printer->text, begin);
	}
}

/* One element of anything that has a size, at `bytes`. */
static void print_element(const struct value_printer *printer, const struct value_spec *value, const uint8_t *bytes,
			  size_t size, unsigned depth)
{
	const struct struct_spec *layout = value_struct(printer->catalogue, value);

	if (layout && !depth)
		print_outer_struct(printer, layout, bytes, size);
	else if (layout && depth < VALUE_DEPTH_MAX)
		print_struct(printer, layout, bytes, size, depth + 1);
	else if (value->kind < KIND_BYTES)
		value_print_word(printer, value, value_load(value, bytes, size));
	else
		value_print_string(printer, bytes, size, size);
}

static void print_array(const struct value_printer *printer, const struct value_spec *value, const uint8_t *bytes,
			size_t size, uint64_t total, unsigned depth)
{
	uint32_t element = value_size(printer->catalogue, value);
	struct text *text = printer->text;
	size_t shown = 0;

	text_char(text, '[');
	for (; element && shown < ELEMENTS_MAX && (shown + 1) * element <= size; shown++) {
		if (shown)
			text_put(text, ", ");
		print_element(printer, value, bytes + shown * element, element, depth);
	}
	if (element && shown < total / element)
		text_put(text, shown ? ", ..." : "...");
	text_char(text, ']');
}

/* A field: its place in the struct may lie outside of what was kept. */
static void print_field(const struct value_printer *printer, const struct field_spec *field, const uint8_t *bytes,
			size_t size, unsigned depth)
{
	struct value_spec value = field->value;
	uint32_t element = value_size(printer->catalogue, &value);
	size_t room = size - field->offset;
	size_t count = value.length == LENGTH_FIXED ? value.length_value : 1;
	size_t wanted = element * count < room ? element * count : room;

	bytes += field->offset;
	if (value.direction != DIRECTION_NONE) {
		value.width = 0;
		print_pointer(printer->text, value_load(&value, bytes, room < 8 ? room : 8));
	} else if (value.kind == KIND_STRING) {
		wanted = strnlen((const char *)bytes, wanted);
		value_print_string(printer, bytes, wanted, wanted);
	} else if (value.kind == KIND_SOCKADDR) {
		value_print_address(printer->text, bytes, wanted);
	} else if (value.kind == KIND_BYTES) {
		value_print_string(printer, bytes, wanted, wanted);
	} else if (value.length == LENGTH_FIXED) {
		print_array(printer, &value, bytes, wanted, wanted, depth);
	} else {
		print_element(printer, &value, bytes, wanted, depth);
	}
}

static void print_struct(const struct value_printer *printer, const struct struct_spec *layout, const uint8_t *bytes,
			 size_t size, unsigned depth)
{
	struct text *text = printer->text;
	bool is_first = true;

	text_char(text, '{');
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct field_spec *field = &layout->fields[i];
		if (field->offset >= size)
			continue;
		if (!is_first)
			text_put(text, ", ");
		is_first = false;
		text_put(text, field->name);
		text_char(text, '=');
		print_field(printer, field, bytes, size, depth);
	}
	text_char(text, '}');
}

/* What is behind a pointer to scalars or structs. A lone scalar is in brackets, as in strace. */
static void print_raw_item(const struct value_printer *printer, const struct value_spec *value,
			   const struct event_item *item)
{
	uint32_t element = value_size(printer->catalogue, value);

	if (value->length == LENGTH_NONE && value->kind == KIND_STRUCT)
		print_element(printer, value, item->bytes, item->size, 0);
	else if (element && item->size < element && value->kind < KIND_BYTES && item->size) {
		text_char(printer->text, '[');
		print_element(printer, value, item->bytes, item->size, 0);
		text_char(printer->text, ']');
	} else {
		print_array(printer, value, item->bytes, item->size, item->total, 0);
	}
}

static void print_set_item(const struct value_printer *printer, const struct value_spec *value,
			   const struct event_item *item)
{
	bool is_first = true;

	text_char(printer->text, '[');
	for (uint32_t bit = 0; bit < item->size * 8; bit++) {
		if (!(item->bytes[bit / 8] >> bit % 8 & 1))
			continue;
		if (!is_first)
			text_char(printer->text, ' ');
		is_first = false;
		text_uint(printer->text, bit);
	}
	text_char(printer->text, ']');
}

/* Both what it was before the call and what it is after; once when that is the same. */
static bool print_change(const struct value_printer *printer, unsigned arg, const struct value_spec *value,
			 void (*print)(const struct value_printer *, const struct value_spec *,
				       const struct event_item *))
{
	const struct event_item *before = event_item(printer->event, arg, ITEM_BEFORE, 0);
	const struct event_item *after = event_item(printer->event, arg, ITEM_RAW, 0);

	if (before && after && before->size == after->size && !memcmp(before->bytes, after->bytes, after->size))
		before = NULL;
	if (before)
		print(printer, value, before);
	if (before && after)
		text_put(printer->text, " => ");
	if (after)
		print(printer, value, after);
	return before || after;
}

static bool print_raw(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	return print_change(printer, arg, value, print_raw_item);
}

static bool print_fdset(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	return print_change(printer, arg, value, print_set_item);
}

static bool print_msgbuf(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	const struct event_item *type = event_item(printer->event, arg, ITEM_TYPE, 0);
	const struct value_spec number = {.width = 8, .is_signed = true};

	if (!type)
		return false;
	text_put(printer->text, "{mtype=");
	text_int(printer->text, (int64_t)value_load(&number, type->bytes, type->size));
	text_put(printer->text, ", mtext=");
	if (!print_payload(printer, arg, value))
		text_put(printer->text, "..."); /* a call in flight is not looked at so far */
	text_char(printer->text, '}');
	return true;
}

/* ---- arguments and results ------------------------------------------------------------------------------------ */

/* What is behind a pointer. False when nothing was recorded: then the pointer itself is printed. */
static bool (*const pointed[KIND_COUNT])(const struct value_printer *, unsigned, const struct value_spec *) = {
	[KIND_BYTES] = print_payload,	      [KIND_STRING] = print_text,	[KIND_STRINGS] = print_strings,
	[KIND_SOCKADDR] = print_address,      [KIND_IOVEC] = value_print_iovec, [KIND_MSGHDR] = value_print_msghdr,
	[KIND_MMSGHDR] = value_print_mmsghdr, [KIND_MSGBUF] = print_msgbuf,	[KIND_FDSET] = print_fdset,
};

static void print_arg(const struct value_printer *printer, unsigned arg, const struct value_spec *value)
{
	uint64_t word = printer->event->args[arg];
	bool (*print)(const struct value_printer *, unsigned, const struct value_spec *) = pointed[value->kind];

	if (value->direction == DIRECTION_NONE && value->kind < KIND_BYTES)
		value_print_word(printer, value, word);
	else if (!printer->event->items_count || !(print ? print : print_raw)(printer, arg, value))
		print_pointer(printer->text, word);
}

void value_print_arg(struct text *text, const struct event *event, unsigned arg, const struct value_style *style)
{
	const struct value_printer printer = {text, event, style, event->catalogue};
	struct value_spec value = value_of_arg(event, arg);

	print_arg(&printer, arg, &value);
}

void value_print_args(struct text *text, const struct event *event, const struct value_style *style)
{
	const struct value_printer printer = {text, event, style, event->catalogue};
	bool is_first = true;

	for (unsigned i = 0; i < event->call->argc; i++) {
		struct value_spec value = value_of_arg(event, i);
		if (!value_arg_is_shown(event, i, &value))
			continue;
		if (!is_first)
			text_put(text, ", ");
		is_first = false;
		if (!style->leaves_out || !style->leaves_out(style->context, i))
			print_arg(&printer, i, &value);
	}
}

static void print_error(struct text *text, unsigned error)
{
	const char *name = error_name(error);

	if (name)
		text_put(text, name);
	else
		text_format(text, "errno %u", error);
	text_put(text, " (");
	text_put(text, strerror((int)error));
	text_char(text, ')');
}

/* The number, and behind it what it is made of where that has names. */
static void print_answer(const struct value_printer *printer, const struct value_spec *value, uint64_t word)
{
	struct text *text = printer->text;
	bool is_flags = value->kind == KIND_FLAGS;

	if (!printer->event->call->answer || (!is_flags && value->kind != KIND_ENUM)) {
		print_named(printer, value, word, VALUE_RESULT);
		return;
	}
	if (is_flags && word)
		text_hex(text, word);
	else
		text_int(text, (int64_t)word);
	size_t number_end = text->size;
	text_put(text, is_flags ? " (flags " : " (");
	size_t names = text->size;
	value_print_scalar(text, printer->catalogue, value, word);
	if (text->size > names && text->bytes[names] >= '0' && text->bytes[names] <= '9')
		text->size = number_end; /* it has none */
	else
		text_char(text, ')');
}

/* What was asked for behind the call: the values of the semaphores that it was about, in their order. */
static void print_values(struct text *text, const struct event *event)
{
	for (uint32_t i = 0; i < event->items_count; i++) {
		const struct event_item *item = &event->items[i];
		int32_t value;
		if (item->form != ITEM_VALUE || item->size < sizeof(value))
			continue;
		text_put(text, item->size < 2 * sizeof(value) ? " (value" : " (values");
		for (uint32_t at = 0; at + sizeof(value) <= item->size; at += sizeof(value)) {
			memcpy(&value, item->bytes + at, sizeof(value));
			text_put(text, at ? ", " : " ");
			text_int(text, value);
		}
		text_char(text, ')');
	}
}

void value_print_result(struct text *text, const struct event *event, const struct value_style *style)
{
	const struct value_printer printer = {text, event, style, event->catalogue};
	const struct call_spec *call = event->call;
	const struct value_spec value = catalogue_answer(event->catalogue, call, event->args);
	bool failed = call_failed(call, event->result);

	if (event->outcome != OUTCOME_RETURNED || call->result.kind == KIND_UNRECORDED) {
		text_char(text, '?');
		return;
	}
	if (failed && call->failure == FAILURE_MINUS_ONE)
		text_put(text, "-1");
	else if (failed && call->failure == FAILURE_NULL)
		text_put(text, "NULL");
	else if (call->result.kind >= KIND_BYTES)
		text_hex(text, (uint64_t)event->result);
	else
		print_answer(&printer, &value, (uint64_t)event->result);
	print_values(text, event);
	if (event->error && call->failure != FAILURE_STATUS) {
		text_char(text, ' ');
		print_error(text, event->error);
	}
}
