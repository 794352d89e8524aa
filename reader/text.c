// SPDX-License-Identifier: MIT
/*
 * A growing piece of text and its number formatting. Knows nothing of events.
 */
#include "reader/text.h"

#include <emmintrin.h>
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
	static const uint64_t powers[] = {0,
					  10,
					  100,
					  1000,
					  10000,
					  100000,
					  1000000,
					  10000000,
					  100000000,
					  1000000000,
					  10000000000,
					  100000000000,
					  1000000000000,
					  10000000000000,
					  100000000000000,
					  1000000000000000,
					  10000000000000000,
					  100000000000000000,
					  1000000000000000000,
					  10000000000000000000ull};
	/* 1233 / 4096 is a little more than the logarithm of 2: of `bits` bits there are so many digits, or one more */
	unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1), least = bits * 1233 >> 12;

	return least + (value >= powers[least]);
}

void text_uint(struct text *text, uint64_t value)
{
	char *room = text_room(text, DIGITS_MAX);
	unsigned digits;

	if (!room)
		return;
	if (value < 10) {
		*room = (char)('0' + value);
		text->size++;
		return;
	}
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
	unsigned at = digits;

	if (!room)
		return;
	for (; at > 1; left /= 100) {
		at -= 2;
		memcpy(room + at, &pairs[left % 100 * 2], 2);
	}
	if (at) {
		*room = (char)('0' + left % 10);
		left /= 10;
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

/* Room for that many bytes, and for 16 more: pieces are stored whole, whatever of them counts. */
static char *spelling_room(struct text *text, size_t size)
{
	return size < SIZE_MAX / 8 ? text_room(text, 6 * size + 2 + 16) : NULL;
}

/* One word is copied, whatever of it counts. `next` is the byte behind it, or 0. */
static inline char *spell(char *at, const struct spelling *spelling, uint8_t next)
{
	memcpy(at, spelling, sizeof(*spelling));
	if (spelling->is_short && next >= '0' && next <= '9') {
		memmove(at + 4 - (spelling->size - 1), at + 1, spelling->size - 1);
		memset(at + 1, '0', 4 - spelling->size);
		return at + 4;
	}
	return at + spelling->size;
}

/*
 * Spells 16 bytes of the 32 that can be read at `bytes`: most stand for themselves and are copied together. 64
 * printable bytes take 10 ns, a byte at a time 100 and more; those of a request to redis, with six ends of lines, 50
 * instead of 125 to 160.
 */
static inline char *spell_sixteen(char *at, const uint8_t *bytes, const struct spelling *spellings)
{
	const __m128i piece = _mm_loadu_si128((const __m128i *)bytes);
	/* as signed numbers, those above 0x7f are below ' ' as well */
	__m128i odd =
		_mm_or_si128(_mm_cmplt_epi8(piece, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(piece, _mm_set1_epi8(0x7f)));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(piece, _mm_set1_epi8('"')));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(piece, _mm_set1_epi8('\\')));
	unsigned left = (unsigned)_mm_movemask_epi8(odd), from = 0;

	_mm_storeu_si128((__m128i *)at, piece);
	for (; left; left &= left - 1) {
		unsigned where = (unsigned)__builtin_ctz(left);
		at = spell(at + where - from, &spellings[bytes[where]], bytes[where + 1]);
		from = where + 1;
		_mm_storeu_si128((__m128i *)at, _mm_loadu_si128((const __m128i *)(bytes + from)));
	}
	return at + 16 - from;
}

/* Needs a spelling_room(). */
static char *spell_bytes(char *at, const uint8_t *bytes, size_t size, const struct spelling *spellings)
{
	for (; size >= 32; size -= 16, bytes += 16)
		at = spell_sixteen(at, bytes, spellings);
	if (size >= 16) {
		uint8_t last[32] = {0};
		memcpy(last, bytes, size);
		at = spell_sixteen(at, last, spellings);
		size -= 16;
		bytes += 16;
	}
	for (; size; size--, bytes++)
		at = spell(at, &spellings[*bytes], size > 1 ? bytes[1] : 0);
	return at;
}

void text_escape(struct text *text, const uint8_t *bytes, size_t size)
{
	char *at = spelling_room(text, size);

	if (at)
		text->size = spell_bytes(at, bytes, size, spellings_c) - text->bytes;
}

void text_json_bytes(struct text *text, const uint8_t *bytes, size_t size)
{
	char *at = spelling_room(text, size);

	if (!at)
		return;
	*at++ = '"';
	at = spell_bytes(at, bytes, size, spellings_json);
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

/* Whether there is no byte beyond ASCII. */
static bool is_ascii(const char *string, size_t size)
{
	uint64_t all = 0, word;

	for (; size >= sizeof(word); size -= sizeof(word), string += sizeof(word)) {
		memcpy(&word, string, sizeof(word));
		all |= word;
	}
	for (; size; size--)
		all |= (uint8_t)*string++;
	return !(all & 0x8080808080808080);
}

static char *spell_wide(char *at, const char *string, size_t size)
{
	for (size_t i = 0; i < size;) {
		unsigned wide = (uint8_t)string[i] < 0x80 ? 0 : text_utf8_size(string + i);
		if (!wide) {
			at = spell(at, &spellings_json[(uint8_t)string[i++]], 0);
			continue;
		}
		memcpy(at, string + i, wide);
		at += wide;
		i += wide;
	}
	return at;
}

void text_json_string(struct text *text, const char *string)
{
	size_t size = strlen(string);
	char *at = spelling_room(text, size);

	if (!at)
		return;
	*at++ = '"';
	at = is_ascii(string, size) ? spell_bytes(at, (const uint8_t *)string, size, spellings_json)
				    : spell_wide(at, string, size);
	*at++ = '"';
	text->size = at - text->bytes;
}
