// SPDX-License-Identifier: MIT
/*
 * See filter.h. Words are looked up in the catalogue one by one; there are few of both.
 */
#include "format/filter.h"
#include "format/foreign.h"

#include <fnmatch.h>
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

static bool is_pattern(const char *word, size_t size)
{
	return memchr(word, '*', size) || memchr(word, '?', size);
}

/* As word_is(), where the word may be a pattern for names. */
static bool word_matches(const char *word, size_t size, const char *name)
{
	char pattern[WORD_MAX + 1];

	if (size > WORD_MAX || !is_pattern(word, size))
		return word_is(word, size, name);
	memcpy(pattern, word, size);
	pattern[size] = '\0';
	return !fnmatch(pattern, name, 0);
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

/* "; there are %a, %b": as many families as there is room for. */
static void say_families(const struct catalogue *catalogue, char *trouble, size_t room)
{
	const char *before = "; there are ";

	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		size_t used = strlen(trouble);
		unsigned first = 0;
		while (strcmp(catalogue->calls[first].family, catalogue->calls[i].family))
			first++;
		if (first < i)
			continue;
		snprintf(trouble + used, room - used, "%s%%%s", before, catalogue->calls[i].family);
		before = ", ";
	}
}

static int say_unknown(const struct catalogue *catalogue, bool is_family, const char *word, size_t size, char *trouble,
		       size_t room)
{
	struct nearest nearest = {NULL, size < 4 ? 2 : size < 8 ? 3 : 4};
	const char *sign = is_family ? "%" : "", *what = is_family ? "family" : "call";

	for (unsigned i = 0; i < catalogue->calls_count && size <= WORD_MAX && !is_pattern(word, size); i++)
		nearest_try(&nearest, is_family ? catalogue->calls[i].family : catalogue->calls[i].name, word, size);
	if (!size)
		snprintf(trouble, room, "empty name of a %s", what);
	else if (nearest.name)
		snprintf(trouble, room, "unknown %s '%s%.*s'; did you mean '%s%s'?", what, sign, (int)size, word, sign,
			 nearest.name);
	else
		snprintf(trouble, room, "unknown %s '%s%.*s'%s", what, sign, (int)smaller(size, WORD_MAX), word,
			 is_family ? "" : "; see ipctrace calls");
	if (size && !nearest.name && is_family)
		say_families(catalogue, trouble, room);
	return FILTER_E_UNKNOWN;
}

enum word_sort { WORD_CALL, WORD_FAMILY, WORD_PROBE };

/* Whether there are such calls; they are set to `value`. */
static bool calls_set(const struct catalogue *catalogue, enum word_sort sort, const char *word, size_t size,
		      uint8_t value, uint8_t *enabled)
{
	bool found = false;

	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		const char *names[] = {
			[WORD_CALL] = call->name, [WORD_FAMILY] = call->family, [WORD_PROBE] = call->dtrace};
		if (!names[sort] || !word_matches(word, size, names[sort]))
			continue;
		enabled[i] = value;
		found = true;
	}
	return found;
}

/* An event of another tracer's. It may have no counterpart, or only such as a log's catalogue does not have. */
static int foreign_apply(const struct catalogue *catalogue, const struct foreign_name *foreign, uint8_t value,
			 uint8_t *enabled, char *trouble, size_t room)
{
	bool found = false;

	for (const char *call = foreign->calls; *call; call += *call == ',') {
		size_t size = strcspn(call, ",");
		found |= calls_set(catalogue, WORD_CALL, call, size, value, enabled);
		call += size;
	}
	if (!found)
		snprintf(trouble, room, "no call shows '%s': %s", foreign->name, foreign->remark);
	return found ? 0 : FILTER_E_UNKNOWN;
}

/* Sets the calls that one word names to `value`. */
static int word_apply(const struct catalogue *catalogue, const char *word, size_t size, uint8_t value, uint8_t *enabled,
		      char *trouble, size_t room)
{
	bool is_family = size && word[0] == '%';
	const struct foreign_name *foreign = foreign_find(word, size);

	word += is_family;
	size -= is_family;
	if (calls_set(catalogue, is_family ? WORD_FAMILY : WORD_CALL, word, size, value, enabled))
		return 0;
	if (foreign)
		return foreign_apply(catalogue, foreign, value, enabled, trouble, room);
	if (calls_set(catalogue, WORD_PROBE, word, foreign_stem(word, size), value, enabled))
		return 0;
	return say_unknown(catalogue, is_family, word, size, trouble, room);
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
