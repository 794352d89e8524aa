// SPDX-License-Identifier: MIT
/*
 * A growing piece of text and its number formatting. Knows nothing of events.
 */
#include "reader/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MAX 22

int text_grow(struct text *text, size_t more)
{
	size_t capacity = text->capacity ? text->capacity : 256;
	char *bytes;

	while (!text->failed && capacity - text->size < more && capacity < SIZE_MAX / 2)
		capacity *= 2;
	bytes = text->failed || capacity - text->size < more ? NULL : realloc(text->bytes, capacity);
	if (!bytes) {
		text->failed = true;
		return -ENOMEM;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return 0;
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}

const char *text_string(struct text *text)
{
	char *room = text_room(text, 1);

	if (!room)
		return "";
	*room = '\0';
	return text->bytes;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434"
			    "44546474849505152535455565758596061626364656667686970717273747576777879808182838485868788"
			    "8990919293949596979899";

/* Writes the decimal digits of `value` so that they end before `end`; returns where they begin. */
static char *format_decimal(char *end, uint64_t value)
{
	while (value >= 100) {
		end -= 2;
		memcpy(end, &pairs[value % 100 * 2], 2);
		value /= 100;
	}
	if (value >= 10) {
		end -= 2;
		memcpy(end, &pairs[value * 2], 2);
	} else {
		*--end = (char)('0' + value);
	}
	return end;
}

static unsigned count_digits(uint64_t value)
{
	unsigned digits = 1;

	for (; value >= 10000; value /= 10000)
		digits += 4;
	return digits + (value >= 10) + (value >= 100) + (value >= 1000);
}

void text_uint(struct text *text, uint64_t value)
{
	char *room = text_room(text, DIGITS_MAX);
	unsigned digits;

	if (!room)
		return;
	digits = count_digits(value);
	format_decimal(room + digits, value);
	text->size += digits;
}

void text_int(struct text *text, int64_t value)
{
	if (value < 0)
		text_char(text, '-');
	text_uint(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void text_uint_padded(struct text *text, uint64_t value, unsigned digits)
{
	unsigned needed = count_digits(value);
	char *room = text_room(text, DIGITS_MAX + digits), *begin;

	if (!room)
		return;
	digits = digits > needed ? digits : needed;
	begin = format_decimal(room + digits, value);
	while (begin > room)
		*--begin = '0';
	text->size += digits;
}

void text_hex(struct text *text, uint64_t value)
{
	char digits[DIGITS_MAX], *begin = digits + DIGITS_MAX;

	do
		*--begin = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	*--begin = 'x';
	*--begin = '0';
	text_add(text, begin, digits + DIGITS_MAX - begin);
}

void text_octal(struct text *text, uint64_t value)
{
	char digits[DIGITS_MAX + 2], *begin = digits + sizeof(digits);

	do
		*--begin = (char)('0' + (value & 7));
	while (value >>= 3);
	if (*begin != '0')
		*--begin = '0';
	text_add(text, begin, digits + sizeof(digits) - begin);
}

void text_format(struct text *text, const char *format, ...)
{
	char *room = text_room(text, 256);
	va_list arguments;
	int size;

	if (!room)
		return;
	va_start(arguments, format);
	size = vsnprintf(room, text->capacity - text->size, format, arguments);
	va_end(arguments);
	if (size >= 0 && (size_t)size >= text->capacity - text->size) {
		room = text_room(text, (size_t)size + 1);
		if (!room)
			return;
		va_start(arguments, format);
		vsnprintf(room, (size_t)size + 1, format, arguments);
		va_end(arguments);
	}
	if (size > 0)
		text->size += size;
}

/* The letter after the backslash in C, or 0. */
static char escape_letter(uint8_t byte)
{
	switch (byte) {
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '\v':
		return 'v';
	case '\f':
		return 'f';
	case '"':
	case '\\':
		return (char)byte;
	default:
		return 0;
	}
}

void text_escape(struct text *text, const uint8_t *bytes, size_t size)
{
	char *at = size < SIZE_MAX / 4 ? text_room(text, 4 * size) : NULL;

	if (!at)
		return;
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = bytes[i];
		char letter;
		if (byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\') {
			*at++ = (char)byte;
			continue;
		}
		*at++ = '\\';
		letter = escape_letter(byte);
		if (letter) {
			*at++ = letter;
			continue;
		}
		/* Three digits only where a shorter number would swallow the digit that follows. */
		bool full = i + 1 < size && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';
		if (full || byte >= 0100)
			*at++ = (char)('0' + (byte >> 6));
		if (full || byte >= 010)
			*at++ = (char)('0' + (byte >> 3 & 7));
		*at++ = (char)('0' + (byte & 7));
	}
	text->size = at - text->bytes;
}

/* One byte inside a JSON string, as the character of its number. Returns the end of what was written (6 at most). */
static char *json_byte(char *at, uint8_t byte)
{
	char letter;

	if (byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\') {
		*at++ = (char)byte;
		return at;
	}
	*at++ = '\\';
	letter = escape_letter(byte);
	if (letter && byte != '\v') {
		*at++ = letter;
		return at;
	}
	memcpy(at, "u00", 3);
	at[3] = "0123456789abcdef"[byte >> 4];
	at[4] = "0123456789abcdef"[byte & 15];
	return at + 5;
}

void text_json_bytes(struct text *text, const uint8_t *bytes, size_t size)
{
	char *at = size < SIZE_MAX / 8 ? text_room(text, 6 * size + 2) : NULL;

	if (!at)
		return;
	*at++ = '"';
	for (size_t i = 0; i < size; i++)
		at = json_byte(at, bytes[i]);
	*at++ = '"';
	text->size = at - text->bytes;
}

unsigned text_utf8_size(const char *string)
{
	const uint8_t *bytes = (const uint8_t *)string;
	unsigned size = bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2 : bytes[0] >= 0xe0 && bytes[0] < 0xf0 ? 3 : 0;

	if (bytes[0] >= 0xf0 && bytes[0] < 0xf5)
		size = 4;
	for (unsigned i = 1; i < size; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	if ((bytes[0] == 0xe0 && bytes[1] < 0xa0) || (bytes[0] == 0xed && bytes[1] > 0x9f) ||
	    (bytes[0] == 0xf0 && bytes[1] < 0x90) || (bytes[0] == 0xf4 && bytes[1] > 0x8f))
		return 0;
	return size;
}

void text_json_string(struct text *text, const char *string)
{
	size_t size = strlen(string);
	char *at = text_room(text, 6 * size + 2);

	if (!at)
		return;
	*at++ = '"';
	for (size_t i = 0; i < size;) {
		unsigned wide = text_utf8_size(string + i);
		if (!wide) {
			at = json_byte(at, (uint8_t)string[i++]);
			continue;
		}
		memcpy(at, string + i, wide);
		at += wide;
		i += wide;
	}
	*at++ = '"';
	text->size = at - text->bytes;
}
