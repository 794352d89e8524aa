// SPDX-License-Identifier: MIT
/*
 * A growing piece of text, with number formatting of its own because a trace is mostly numbers.
 *
 * Out of memory is kept in `failed` and checked once by whoever uses the text; until then nothing more is added.
 */
#ifndef IPCTRACE_READER_TEXT_H
#define IPCTRACE_READER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *bytes; /* not NUL-terminated; see text_string() */
	size_t size, capacity;
	bool failed;
};

/* Makes room for `more` bytes beyond what there is. 0, or -ENOMEM (also kept in `failed`). */
int text_grow(struct text *text, size_t more);
void text_free(struct text *text);

/* The text as a C string, owned by the text and valid until it changes; "" when out of memory. */
const char *text_string(struct text *text);

void text_uint(struct text *text, uint64_t value);
void text_int(struct text *text, int64_t value);
void text_hex(struct text *text, uint64_t value);
void text_octal(struct text *text, uint64_t value);

/* The lowest `digits` hexadecimal digits of `value`, at most 16, without 0x. */
void text_hex_digits(struct text *text, uint64_t value, unsigned digits);

/* `value` in decimal, with leading zeros up to `digits` (at most 20). */
void text_uint_padded(struct text *text, uint64_t value, unsigned digits);

/* As printf; for what is not on the way of every event. */
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes as the inside of a C string: \n, \t, \" and octal for what is not printable ASCII. */
void text_escape(struct text *text, const uint8_t *bytes, size_t size);

/* Bytes as a JSON string with its quotes: each byte is the character of that number (Latin-1), so nothing is lost. */
void text_json_bytes(struct text *text, const uint8_t *bytes, size_t size);

/* A JSON string of text that is UTF-8 by intent; bytes that are not are written as in text_json_bytes(). */
void text_json_string(struct text *text, const char *string);

/* How many bytes of well-formed UTF-8 beyond ASCII `string` begins with; 0 when it does not. */
unsigned text_utf8_size(const char *string);

/* Room for `more` bytes at the end, or NULL when out of memory. The caller adds what it used to `size`. */
static inline char *text_room(struct text *text, size_t more)
{
	if (__builtin_expect(text->capacity - text->size < more, 0) && text_grow(text, more))
		return NULL;
	return text->bytes + text->size;
}

static inline void text_add(struct text *text, const void *bytes, size_t size)
{
	char *room = size ? text_room(text, size) : NULL;

	if (!room)
		return;
	memcpy(room, bytes, size);
	text->size += size;
}

static inline void text_char(struct text *text, char character)
{
	char *room = text_room(text, 1);

	if (!room)
		return;
	*room = character;
	text->size++;
}

static inline void text_put(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

#endif
