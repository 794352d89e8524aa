// SPDX-License-Identifier: MIT
/*
 * Shared by value_text.c and value_message.c only.
 */
#ifndef IPCTRACE_READER_VALUE_PRINTER_H
#define IPCTRACE_READER_VALUE_PRINTER_H

#include "reader/value.h"

struct value_printer {
	struct text *text;
	const struct event *event;
	const struct value_style *style;
	const struct catalogue *catalogue;
};

/* "...", and dots behind it when fewer than `total` bytes are shown. */
void value_print_string(const struct value_printer *printer, const uint8_t *bytes, size_t size, uint64_t total);

/* A scalar among the arguments, with the name of its object behind it. */
void value_print_word(const struct value_printer *printer, const struct value_spec *value, uint64_t word);

/* False, with nothing printed, when nothing was recorded behind the pointer. */
bool value_print_iovec(const struct value_printer *printer, unsigned arg, const struct value_spec *value);
bool value_print_msghdr(const struct value_printer *printer, unsigned arg, const struct value_spec *value);
bool value_print_mmsghdr(const struct value_printer *printer, unsigned arg, const struct value_spec *value);

#endif
