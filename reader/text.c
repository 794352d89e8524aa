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
	char *room = text_room(text, DIGITS_MAX + digits);
	uint64_t left = value;

	if (!room)
		return;
	for (unsigned at = digits; at; at -= at > 1 ? 2 : 1) {
		if (at > 1)
			memcpy(room + at - 2, &pairs[left % 100 * 2], 2);
		else
			*room = (char)('0' + left % 10);
		left /= at > 1 ? 100 : 10;
	}
	if (left)
		text_uint(text, value); /* it has more digits than that */
	else
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

void text_hex_digits(struct text *text, uint64_t value, unsigned digits)
{
	char *room = text_room(text, digits);

	if (!room)
		return;
	for (unsigned i = digits; i-- > 0; value >>= 4)
		room[i] = "0123456789abcdef"[value & 15];
	text->size += digits;
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

/* What a byte is inside quotes: the first `size` characters of `text`. */
struct spelling {
	char text[6];
	uint8_t size;
	bool is_short; /* of an octal number that would swallow a digit behind it */
};

#define IS_PLAIN(byte) ((byte) >= ' ' && (byte) < 0x7f && (byte) != '"' && (byte) != '\\')
#define LETTER(byte)             \
	((byte) == '\n'	  ? 'n'  \
	 : (byte) == '\r' ? 'r'  \
	 : (byte) == '\t' ? 't'  \
	 : (byte) == '\f' ? 'f'  \
	 : (byte) == '"'  ? '"'  \
	 : (byte) == '\\' ? '\\' \
			  : 0)
#define DIGIT(value) (char)((value) < 10 ? '0' + (value) : 'a' + (value)-10)

/* In C, with as few digits as will do. */
#define LETTER_C(byte) ((byte) == '\v' ? 'v' : LETTER(byte))
#define SPELL_C(byte)                                                                 \
	{                                                                             \
		{IS_PLAIN(byte) ? (char)(byte) : '\\',                                \
		 LETTER_C(byte) ? LETTER_C(byte)                                      \
				: DIGIT((byte) < 010	? (byte)                      \
					: (byte) < 0100 ? (byte) >> 3                 \
							: (byte) >> 6),               \
		 DIGIT((byte) < 0100 ? (byte)&7 : (byte) >> 3 & 7), DIGIT((byte)&7)}, \
			IS_PLAIN(byte)			 ? 1                          \
			: LETTER_C(byte) || (byte) < 010 ? 2                          \
			: (byte) < 0100			 ? 3                          \
							 : 4,                                          \
			!IS_PLAIN(byte) && !LETTER_C(byte) && (byte) < 0100           \
	}

/* In JSON, as the character of its number. */
#define SPELL_JSON(byte)                               \
	{                                              \
		{IS_PLAIN(byte) ? (char)(byte) : '\\', \
		 LETTER(byte) ? LETTER(byte) : 'u',    \
		 '0',                                  \
		 '0',                                  \
		 DIGIT((byte) >> 4),                   \
		 DIGIT((byte)&15)},                    \
			IS_PLAIN(byte) ? 1             \
			: LETTER(byte) ? 2             \
				       : 6,            \
			false                          \
	}

#define FOUR(spell, byte) spell(byte), spell((byte) + 1), spell((byte) + 2), spell((byte) + 3)
#define SIXTEEN(spell, byte) \
	FOUR(spell, byte), FOUR(spell, (byte) + 4), FOUR(spell, (byte) + 8), FOUR(spell, (byte) + 12)
#define SIXTY_FOUR(spell, byte) \
	SIXTEEN(spell, byte), SIXTEEN(spell, (byte) + 16), SIXTEEN(spell, (byte) + 32), SIXTEEN(spell, (byte) + 48)
#define ALL(spell) SIXTY_FOUR(spell, 0), SIXTY_FOUR(spell, 64), SIXTY_FOUR(spell, 128), SIXTY_FOUR(spell, 192)

/* Tables, because a payload is spelled for every line: 1 M lines with names took 0.35 s, and take 0.27. */
static const struct spelling spellings_c[256] = {ALL(SPELL_C)};
static const struct spelling spellings_json[256] = {ALL(SPELL_JSON)};

/* Room for that many bytes, and for a whole spelling where the last one ends. */
static char *spelling_room(struct text *text, size_t size)
{
	return size < SIZE_MAX / 8 ? text_room(text, 6 * size + 2 + sizeof(struct spelling)) : NULL;
}

/* One word is copied, whatever of it counts. */
static inline char *spell(char *at, const struct spelling *spelling)
{
	memcpy(at, spelling, sizeof(*spelling));
	return at + spelling->size;
}

void text_escape(struct text *text, const uint8_t *bytes, size_t size)
{
	char *at = spelling_room(text, size);

	if (!at)
		return;
	for (size_t i = 0; i < size; i++) {
		const struct spelling *spelling = &spellings_c[bytes[i]];
		if (spelling->is_short && i + 1 < size && bytes[i + 1] >= '0' && bytes[i + 1] <= '9') {
			const char full[] = {'\\', '0', (char)('0' + (bytes[i] >> 3)), (char)('0' + (bytes[i] & 7))};
			memcpy(at, full, sizeof(full));
			at += sizeof(full);
			continue;
		}
		at = spell(at, spelling);
	}
	text->size = at - text->bytes;
}

void text_json_bytes(struct text *text, const uint8_t *bytes, size_t size)
{
	char *at = spelling_room(text, size);

	if (!at)
		return;
	*at++ = '"';
	for (size_t i = 0; i < size; i++)
		at = spell(at, &spellings_json[bytes[i]]);
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
	char *at = spelling_room(text, size);

	if (!at)
		return;
	*at++ = '"';
	for (size_t i = 0; i < size;) {
		unsigned wide = (uint8_t)string[i] < 0x80 ? 0 : text_utf8_size(string + i);
		if (!wide) {
			at = spell(at, &spellings_json[(uint8_t)string[i++]]);
			continue;
		}
		memcpy(at, string + i, wide);
		at += wide;
		i += wide;
	}
	*at++ = '"';
	text->size = at - text->bytes;
}
