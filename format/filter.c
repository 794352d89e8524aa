// SPDX-License-Identifier: MIT
/*
 * See filter.h. Words are looked up in the catalogue one by one; there are few of both.
 */
#include "format/filter.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 63

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters must change to make `a` of the first `size` letters of `b`. */
static unsigned word_distance(const char *a, const char *b, size_t size)
{
	unsigned row[WORD_MAX + 1];

	for (size_t j = 0; j <= size; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned corner = row[0]++;
		for (size_t j = 1; j <= size; j++) {
			unsigned changed = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			row[j] = smaller(changed, smaller(row[j], row[j - 1]) + 1);
		}
	}
	return row[size];
}

static bool word_is(const char *word, size_t size, const char *name)
{
	return strlen(name) == size && !memcmp(word, name, size);
}

struct nearest {
	const char *name;
	unsigned distance;
};

static void nearest_try(struct nearest *nearest, const char *name, const char *word, size_t size)
{
	unsigned distance = word_distance(name, word, size);

	if (distance < nearest->distance) {
		nearest->distance = distance;
		nearest->name = name;
	}
}

static int say_unknown(const struct catalogue *catalogue, bool is_family, const char *word, size_t size, char *trouble,
		       size_t room)
{
	struct nearest nearest = {NULL, size < 4 ? 2 : size < 8 ? 3 : 4};
	const char *sign = is_family ? "%" : "", *what = is_family ? "family" : "call";

	for (unsigned i = 0; i < catalogue->calls_count && size <= WORD_MAX; i++)
		nearest_try(&nearest, is_family ? catalogue->calls[i].family : catalogue->calls[i].name, word, size);
	if (!size)
		snprintf(trouble, room, "empty name of a %s", what);
	else if (nearest.name)
		snprintf(trouble, room, "unknown %s '%s%.*s'; did you mean '%s%s'?", what, sign, (int)size, word, sign,
			 nearest.name);
	else
		snprintf(trouble, room, "unknown %s '%s%.*s'; see ipctrace calls", what, sign,
			 (int)smaller(size, WORD_MAX), word);
	return FILTER_E_UNKNOWN;
}

/* Sets the calls that one word names to `value`. */
static int word_apply(const struct catalogue *catalogue, const char *word, size_t size, uint8_t value, uint8_t *enabled,
		      char *trouble, size_t room)
{
	bool is_family = size && word[0] == '%', found = false;

	word += is_family;
	size -= is_family;
	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		if (!word_is(word, size, is_family ? call->family : call->name))
			continue;
		enabled[i] = value;
		found = true;
	}
	return found ? 0 : say_unknown(catalogue, is_family, word, size, trouble, room);
}

int filter_parse(const char *text, const struct catalogue *catalogue, uint8_t *enabled, char *trouble, size_t size)
{
	bool is_negated;
	int rc = 0;

	if (!strncmp(text, "trace=", 6))
		text += 6;
	is_negated = *text == '!';
	text += is_negated;
	if (word_is("all", 3, text) || word_is("none", 4, text)) {
		memset(enabled, (*text == 'a') != is_negated, catalogue->calls_count);
		return 0;
	}
	memset(enabled, is_negated, catalogue->calls_count);
	for (;;) {
		size_t word = strcspn(text, ",");
		rc = word_apply(catalogue, text, word, !is_negated, enabled, trouble, size);
		if (rc || !text[word])
			return rc;
		text += word + 1;
	}
}
