// SPDX-License-Identifier: MIT
/*
 * Any text as a file of rules, which is also what a baseline is: each line is a rule, nothing, or refused with a
 * reason.
 */
#include <stdlib.h>
#include <string.h>

#include "reader/diff_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void line_add(struct diff_rules *rules, const uint8_t *start, size_t length)
{
	char trouble[64] = "", *line = malloc(length + 1);

	if (!line)
		abort();
	memcpy(line, start, length);
	line[length] = '\0';
	int rc = diff_rules_add(rules, line, trouble, sizeof(trouble));
	if (rc < 0 || (rc == RULE_E_WRONG) != (trouble[0] != '\0'))
		abort();
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct diff_rules rules = {0};
	struct difference difference = {0};

	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(bytes + at, '\n', size - at);
		size_t length = end ? (size_t)(end - bytes) - at : size - at;
		line_add(&rules, bytes + at, length);
		at += length + 1;
	}
	diff_rules_find(&rules, &difference);
	diff_rules_free(&rules);
	return 0;
}
