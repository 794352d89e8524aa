// SPDX-License-Identifier: MIT
/*
 * Looks names up in the generated table, one by one: there are under a hundred, and few are asked for.
 */
#include "format/foreign.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

size_t foreign_stem(const char *word, size_t size)
{
	static const char *const ends[] = {":entry", ":return"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);
		if (size > end && !memcmp(word + size - end, ends[i], end))
			return size - end;
	}
	return size;
}

static bool is_word(const char *name, size_t length, const char *word, size_t size)
{
	return length == size && !strncasecmp(name, word, size);
}

static bool is_named(const char *name, const char *word, size_t size)
{
	size_t length = strlen(name), half = strcspn(name, " ");

	if (is_word(name, length, word, size) || is_word(name, half, word, size))
		return true;
	return half < length && is_word(name + half + 1, length - half - 1, word, size);
}

const struct foreign_name *foreign_find(const char *word, size_t size)
{
	size = foreign_stem(word, size);
	for (unsigned i = 0; size && i < foreign_names_count; i++)
		if (is_named(foreign_names[i].name, word, size))
			return &foreign_names[i];
	return NULL;
}
