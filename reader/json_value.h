// SPDX-License-Identifier: MIT
/*
 * Shared by json.c and json_message.c only.
 */
#ifndef IPCTRACE_READER_JSON_VALUE_H
#define IPCTRACE_READER_JSON_VALUE_H

#include "reader/json.h"
#include "reader/value.h"

struct json_printer {
	struct text *text;
	const struct event *event;
	struct struct_memo *structs; /* NULL: nothing is kept */
};

/* One scalar of a kind below KIND_BYTES. */
void json_print_scalar(const struct json_printer *printer, const struct value_spec *value, uint64_t word);

/* {"length":,"hash":,"bytes":}; null without an item. */
void json_print_payload(const struct json_printer *printer, const struct event_item *item);

/* False, with nothing printed, when nothing was recorded behind the pointer. */
bool json_print_iovec(const struct json_printer *printer, unsigned arg, const struct value_spec *value);
bool json_print_msghdr(const struct json_printer *printer, unsigned arg, const struct value_spec *value);
bool json_print_mmsghdr(const struct json_printer *printer, unsigned arg, const struct value_spec *value);

#endif
