// SPDX-License-Identifier: MIT
/*
 * Numbers and strings as text.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "reader/text.h"

static struct text text;

static void expect_text(const char *expected)
{
	cr_expect(eq(str, (char *)text_string(&text), (char *)expected));
	text.size = 0;
}

TestSuite(text);

Test(text, numbers_are_those_of_printf)
{
	const uint64_t numbers[] = {0, 1, 9, 10, 99, 100, 101, 12345, 999999999, UINT32_MAX, INT64_MAX, UINT64_MAX};
	char expected[64];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		text_uint(&text, numbers[i]);
		snprintf(expected, sizeof(expected), "%" PRIu64, numbers[i]);
		expect_text(expected);
		text_int(&text, (int64_t)(0 - numbers[i]));
		snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)(0 - numbers[i]));
		expect_text(expected);
		text_hex(&text, numbers[i]);
		snprintf(expected, sizeof(expected), "0x%" PRIx64, numbers[i]);
		expect_text(expected);
		text_octal(&text, numbers[i]);
		snprintf(expected, sizeof(expected), "%#" PRIo64, numbers[i]);
		expect_text(expected);
		text_uint_padded(&text, numbers[i], 6);
		snprintf(expected, sizeof(expected), "%06" PRIu64, numbers[i]);
		expect_text(expected);
	}
	text_free(&text);
}

Test(text, escapes_are_short_unless_a_digit_follows)
{
	const uint8_t bytes[] = {0, '1', 0, 'a', 7, 0377, '\n', '"', '\\'};

	text_escape(&text, bytes, sizeof(bytes));
	expect_text("\\0001\\0a\\7\\377\\n\\\"\\\\");
	text_free(&text);
}

/* As the comments in text.h say it, a byte at a time. */
static void spell_slowly(char *out, const uint8_t *bytes, size_t size, bool in_json)
{
	static const char letters[] = "\n\r\t\f\"\\", names[] = "nrtf\"\\";

	for (size_t i = 0; i < size; i++) {
		const char *letter = bytes[i] ? strchr(letters, bytes[i]) : NULL;
		bool digit_follows = i + 1 < size && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';
		if (letter)
			out += sprintf(out, "\\%c", names[letter - letters]);
		else if (bytes[i] == '\v' && !in_json)
			out += sprintf(out, "\\v");
		else if (bytes[i] >= ' ' && bytes[i] < 0x7f)
			*out++ = (char)bytes[i];
		else
			out += sprintf(out, in_json ? "\\u%04x" : digit_follows ? "\\%03o" : "\\%o", bytes[i]);
	}
	*out = '\0';
}

Test(text, bytes_are_spelled_the_same_wherever_they_stand_in_pieces_of_any_size)
{
	static const char odd[] = {0, 7, '\n', '\r', '"', '\\', '\v', 0x1f, ' ', '~', 0x7f, (char)0x80, (char)0xff};
	uint8_t bytes[80];
	char expected[sizeof(bytes) * 6 + 3], inside[sizeof(bytes) * 6 + 1];

	for (size_t round = 0; round < 20000; round++) {
		size_t size = (size_t)rand() % sizeof(bytes);
		for (size_t i = 0; i < size; i++)
			bytes[i] =
				rand() % 4 ? (uint8_t)('0' + rand() % 40) : (uint8_t)odd[(size_t)rand() % sizeof(odd)];
		uint8_t *copy = malloc(size + !size); /* nothing may be read behind it */
		memcpy(copy, bytes, size);
		spell_slowly(expected, copy, size, false);
		text_escape(&text, copy, size);
		expect_text(expected);
		spell_slowly(inside, copy, size, true);
		expected[0] = '"';
		strcat(strcpy(expected + 1, inside), "\"");
		text_json_bytes(&text, copy, size);
		expect_text(expected);
		free(copy);
	}
	text_free(&text);
}

Test(text, json_bytes_are_characters_of_their_numbers)
{
	const uint8_t bytes[] = {0, 'a', 0x7f, 0xc3, 0xa4, '\v', '\t', '"'};

	text_json_bytes(&text, bytes, sizeof(bytes));
	expect_text("\"\\u0000a\\u007f\\u00c3\\u00a4\\u000b\\t\\\"\"");
	text_free(&text);
}

Test(text, json_strings_keep_utf_8_and_nothing_else_beyond_ascii)
{
	text_json_string(&text, "\303\244\342\202\254\360\237\230\200 \303 \355\240\200 \300\200 \365\200\200\200");
	expect_text("\"\303\244\342\202\254\360\237\230\200 \\u00c3 \\u00ed\\u00a0\\u0080 \\u00c0\\u0080 "
		    "\\u00f5\\u0080\\u0080\\u0080\"");
	text_free(&text);
}

Test(text, formatted_text_may_be_longer_than_the_room_there_is)
{
	char *long_word = malloc(5001);

	memset(long_word, 'x', 5000);
	long_word[5000] = '\0';
	text_format(&text, "%s%d", long_word, 7);
	cr_expect(eq(int, (int)text.size, 5001));
	cr_expect(eq(int, text.bytes[5000], '7'));
	text_free(&text);
	free(long_word);
}

Test(text, out_of_memory_is_remembered)
{
	text_char(&text, 'a');
	cr_expect(text_grow(&text, SIZE_MAX - 10) != 0);
	text_put(&text, "more");
	cr_expect(text.failed);
	text_free(&text);
}

Test(text, hexadecimal_digits_are_as_many_as_were_asked_for)
{
	struct text text = {0};

	text_hex_digits(&text, 0x12c0ffee, 8);
	text_char(&text, ' ');
	text_hex_digits(&text, 0xab, 8);
	text_char(&text, ' ');
	text_hex_digits(&text, 0x123456789, 4);
	cr_assert_str_eq(text_string(&text), "12c0ffee 000000ab 6789");
	text_free(&text);
}
