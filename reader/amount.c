// SPDX-License-Identifier: MIT
/*
 * Numbers for people, and tables of them.
 */
#include "reader/amount.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Three digits: 9.99, 99.9, 999. */
static void print_scaled(struct text *text, double value, const char *unit)
{
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	text_format(text, "%.*f %s", digits, value, unit);
}

void amount_time(struct text *text, uint64_t ns)
{
	if (ns < 1000)
		text_format(text, "%llu ns", (unsigned long long)ns);
	else if (ns < 999500)
		print_scaled(text, (double)ns / 1e3, "us");
	else if (ns < 999500000)
		print_scaled(text, (double)ns / 1e6, "ms");
	else
		print_scaled(text, (double)ns / 1e9, "s");
}

void amount_moment(struct text *text, uint64_t ns, const char *format)
{
	time_t when = (time_t)(ns / 1000000000);
	char words[64] = "?";
	struct tm local;

	if (localtime_r(&when, &local))
		strftime(words, sizeof(words), format, &local);
	text_put(text, words);
}

void amount_bytes(struct text *text, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		text_format(text, "%llu B", (unsigned long long)bytes);
		return;
	}
	for (; value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		value /= 1024;
	print_scaled(text, value, units[unit]);
}

void amount_count(struct text *text, uint64_t count)
{
	char digits[24];
	int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);

	for (int i = 0; i < size; i++) {
		text_char(text, digits[i]);
		if (i + 1 < size && (size - i - 1) % 3 == 0)
			text_char(text, ',');
	}
}

void amount_cell(struct amount_table *table)
{
	text_char(&table->cells, '\0');
	table->count++;
}

/* Columns on a screen: bytes that begin a character. */
static size_t text_width(const char *string)
{
	size_t width = 0;

	for (; *string; string++)
		width += (*string & 0xc0) != 0x80;
	return width;
}

static void print_cell(struct text *out, const char *cell, const char *title, size_t width, bool is_last)
{
	size_t own = text_width(cell);
	size_t pad = own < width ? width - own : 0;
	bool is_left = title[0] == '<';

	for (size_t i = 0; !is_left && i < pad; i++)
		text_char(out, ' ');
	text_put(out, cell);
	for (size_t i = 0; is_left && !is_last && i < pad; i++)
		text_char(out, ' ');
	/* no line ends with blanks where there is nothing to say */
	while (is_last && !out->failed && out->size && out->bytes[out->size - 1] == ' ')
		out->size--;
	text_put(out, is_last ? "\n" : "  ");
}

static const char *title_text(const char *title)
{
	return title + (title[0] == '<');
}

void amount_print(struct amount_table *table, bool colour, struct text *out)
{
	size_t *widths = calloc(table->columns, sizeof(*widths));
	const char *cell = table->cells.bytes;

	if (!widths || table->cells.failed) {
		out->failed = true;
		free(widths);
		text_free(&table->cells);
		return;
	}
	for (unsigned i = 0; i < table->columns; i++)
		widths[i] = text_width(title_text(table->titles[i]));
	for (unsigned i = 0; i < table->count; i++, cell += strlen(cell) + 1)
		if (text_width(cell) > widths[i % table->columns])
			widths[i % table->columns] = text_width(cell);
	if (colour)
		text_put(out, "\033[1m");
	for (unsigned i = 0; i < table->columns; i++)
		print_cell(out, title_text(table->titles[i]), table->titles[i], widths[i], i + 1 == table->columns);
	if (colour)
		text_put(out, "\033[0m");
	cell = table->cells.bytes;
	for (unsigned i = 0; i < table->count; i++, cell += strlen(cell) + 1)
		print_cell(out, cell, table->titles[i % table->columns], widths[i % table->columns],
			   (i + 1) % table->columns == 0);
	free(widths);
	text_free(&table->cells);
}
