// SPDX-License-Identifier: MIT
/*
 * Reading of rules, and whether one applies.
 */
#include "reader/diff_rule.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

static const char *const part_names[RULE_PARTS] = {"call", "object", "field", "thread", "old",
						   "new",  "values", "range", "times"};

uint32_t classes_parse(const char *text, char *word, size_t size)
{
	uint32_t classes = 0;

	while (*text) {
		size_t length = strcspn(text, ",");
		uint32_t before = classes;
		for (unsigned i = 0; i < CLASSES; i++) {
			/* "reordered" is both of them. */
			bool is_half = !strncmp(class_names[i], "reordered-", 10) && length == 9;
			if ((strlen(class_names[i]) == length || is_half) && !strncmp(text, class_names[i], length))
				classes |= 1u << i;
		}
		if (length == 1 && *text == '*')
			classes = (1u << CLASSES) - 1;
		if (classes == before && !(length == 1 && *text == '*')) {
			snprintf(word, size, "%.*s", (int)length, text);
			return 0;
		}
		text += length;
		text += *text == ',';
	}
	return classes;
}

/* The next word at *at, with quotes taken off; NULL at the end. Cuts the line up. */
static char *next_word(char **at)
{
	char *from = *at + strspn(*at, " \t"), *to = from, *word = from;
	bool is_quoted = false;

	if (!*from || *from == '#')
		return NULL;
	for (; *from && (is_quoted || (*from != ' ' && *from != '\t')); from++) {
		if (*from == '"')
			is_quoted = !is_quoted;
		else
			*to++ = *from;
	}
	*at = from + (*from != 0);
	*to = 0;
	return word;
}

static int read_part(struct diff_rule *rule, const char *word, char *trouble, size_t size)
{
	for (unsigned i = 0; i < RULE_PARTS; i++) {
		size_t length = strlen(part_names[i]);
		if (strncmp(word, part_names[i], length) || word[length] != '=')
			continue;
		free(rule->globs[i]);
		rule->globs[i] = strdup(word + length + 1);
		return rule->globs[i] ? 0 : -ENOMEM;
	}
	snprintf(trouble, size,
		 "'%s' is none of call=, object=, field=, thread=, old=, new=, values=, range=, times=", word);
	return RULE_E_WRONG;
}

static void rule_free(struct diff_rule *rule)
{
	for (unsigned i = 0; i < RULE_PARTS; i++)
		free(rule->globs[i]);
	free(rule->text);
}

static int parse_rule(struct diff_rule *rule, char *line, char *trouble, size_t size)
{
	char *word = next_word(&line), wrong[64];
	int rc = 0;

	rule->classes = classes_parse(word, wrong, sizeof(wrong));
	if (!rule->classes) {
		snprintf(trouble, size, "there is no class '%s'", wrong);
		return RULE_E_WRONG;
	}
	while (!rc && (word = next_word(&line)))
		rc = read_part(rule, word, trouble, size);
	return rc;
}

int diff_rules_add(struct diff_rules *rules, const char *line, char *trouble, size_t size)
{
	struct diff_rule rule = {0};
	char copy[LINE_MAX_BYTES];
	int rc;

	line += strspn(line, " \t");
	size_t length = strcspn(line, "\r\n");
	if (!length || *line == '#')
		return 0;
	if (length >= sizeof(copy)) {
		snprintf(trouble, size, "the line is too long");
		return RULE_E_WRONG;
	}
	memcpy(copy, line, length);
	copy[length] = 0;
	rule.text = strdup(copy);
	rc = rule.text ? parse_rule(&rule, copy, trouble, size) : -ENOMEM;
	if (!rc && rules->count == rules->room) {
		uint32_t room = rules->room ? 2 * rules->room : 16;
		struct diff_rule *rows = reallocarray(rules->rows, room, sizeof(*rows));
		if (rows) {
			rules->rows = rows;
			rules->room = room;
		} else {
			rc = -ENOMEM;
		}
	}
	if (rc)
		rule_free(&rule);
	else
		rules->rows[rules->count++] = rule;
	return rc;
}

int diff_rules_read(struct diff_rules *rules, const char *path, char *trouble, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[LINE_MAX_BYTES + 2], wrong[200];
	unsigned number = 0;
	int rc = 0;

	if (!file)
		return -errno;
	errno = 0;
	while (!rc && fgets(line, sizeof(line), file)) {
		number++;
		rc = diff_rules_add(rules, line, wrong, sizeof(wrong));
		if (rc == RULE_E_WRONG)
			snprintf(trouble, size, "line %u: %s", number, wrong);
	}
	if (!rc && ferror(file))
		rc = errno ? -errno : -EIO;
	fclose(file);
	return rc;
}

static bool fits(const char *glob, const char *text)
{
	return !glob || !fnmatch(glob, text ? text : "", 0);
}

/* Whether `value` is one of the list. */
static bool is_listed(const char *list, const char *value)
{
	size_t length = value ? strlen(value) : 0;

	while (list && *list) {
		size_t own = strcspn(list, "|");
		if (own == length && !strncmp(list, value ? value : "", own))
			return true;
		list += own + (list[own] == '|');
	}
	return !list;
}

static bool is_in_range(const char *range, const char *value)
{
	const char *dots = range ? strstr(range, "..") : NULL;

	if (!range)
		return true;
	if (!value || !dots)
		return false;
	double number = strtod(value, NULL);
	return number >= strtod(range, NULL) && number <= strtod(dots + 2, NULL);
}

static bool applies(const struct diff_rule *rule, const struct difference *difference)
{
	const char *old = difference->sites[SIDE_OLD].thread, *new = difference->sites[SIDE_NEW].thread;

	return rule->classes >> difference->class & 1 && fits(rule->globs[RULE_CALL], difference->call) &&
	       fits(rule->globs[RULE_OBJECT], difference->object) && fits(rule->globs[RULE_FIELD], difference->field) &&
	       fits(rule->globs[RULE_THREAD], old ? old : new) && fits(rule->globs[RULE_OLD], difference->old) &&
	       fits(rule->globs[RULE_NEW], difference->new) && is_listed(rule->globs[RULE_VALUES], difference->new) &&
	       is_in_range(rule->globs[RULE_RANGE], difference->new) &&
	       (!rule->globs[RULE_TIMES] || difference->count <= strtoul(rule->globs[RULE_TIMES], NULL, 10));
}

struct diff_rule *diff_rules_find(struct diff_rules *rules, const struct difference *difference)
{
	for (uint32_t i = 0; i < rules->count; i++)
		if (applies(&rules->rows[i], difference))
			return &rules->rows[i];
	return NULL;
}

void diff_rules_free(struct diff_rules *rules)
{
	for (uint32_t i = 0; i < rules->count; i++)
		rule_free(&rules->rows[i]);
	free(rules->rows);
	*rules = (struct diff_rules){0};
}
