// SPDX-License-Identifier: MIT
/*
 * Command lines read by table. Knows nothing of any command; must not keep anything between calls.
 */
#include "format/trouble.h"
#include "reader/option.h"
#include "reader/output.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX    63
#define HELP_COLUMN 26

struct parser {
	const struct option_spec *specs;
	size_t count;
	void *settings;
	int argc;
	char **argv;
	int index; /* of the word being read; moved on when it takes the next word as its value */
};

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned word_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t a_size = strnlen(a, WORD_MAX), b_size = strnlen(b, WORD_MAX);

	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			now[j] = before[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = smaller(now[j], smaller(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = smaller(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

int word_is_near(const char *word, const char *candidate)
{
	size_t size = strlen(word);

	return word_distance(word, candidate) <= (size < 4 ? 1 : size < 8 ? 2 : 3);
}

static bool is_text(const struct option_spec *spec)
{
	return !spec->letter && !spec->name;
}

static bool is_word(const struct option_spec *spec)
{
	return spec->name && !spec->letter && !spec->set;
}

static bool is_optional(const struct option_spec *spec)
{
	return spec->argument && spec->argument[0] == '[';
}

static void print_usage(const struct parser *parser)
{
	const char *before = "Usage:";

	for (size_t i = 0; i < parser->count; i++) {
		const struct option_spec *spec = &parser->specs[i];
		if (!is_text(spec) || !spec->argument)
			continue;
		printf("%s ipctrace %s %s\n", before, parser->argv[0], spec->argument);
		before = "      ";
	}
	if (before[0] == 'U')
		printf("Usage: ipctrace %s [OPTION]...\n", parser->argv[0]);
}

static void print_examples(const struct parser *parser)
{
	const char *before = "\nExample:";

	for (size_t i = 0; i < parser->count; i++) {
		const struct option_spec *spec = &parser->specs[i];
		if (!is_text(spec) || !spec->help)
			continue;
		printf("%s %s\n", before, spec->help);
		before = "        ";
	}
}

static void print_option(const struct option_spec *spec)
{
	char left[80] = "";
	const char *open = is_optional(spec) ? "[" : "", *equals = spec->name ? "=" : "";
	const char *gap = is_word(spec) || !spec->name ? " " : "=";
	size_t at = snprintf(left, sizeof(left), "  ");

	if (spec->letter)
		at += snprintf(left + at, sizeof(left) - at, "-%c%s", spec->letter, spec->name ? ", " : "");
	else
		at += snprintf(left + at, sizeof(left) - at, is_word(spec) ? "" : "    ");
	if (is_word(spec))
		at += snprintf(left + at, sizeof(left) - at, "%s", spec->name);
	else if (spec->name)
		at += snprintf(left + at, sizeof(left) - at, "--%s", spec->name);
	if (spec->argument && *open)
		at += snprintf(left + at, sizeof(left) - at, "[%s%s", equals, spec->argument + 1);
	else if (spec->argument)
		at += snprintf(left + at, sizeof(left) - at, "%s%s", gap, spec->argument);
	if (at >= HELP_COLUMN)
		printf("%s\n%*s%s\n", left, HELP_COLUMN, "", spec->help);
	else
		printf("%-*s%s\n", HELP_COLUMN, left, spec->help);
}

static void print_help(const struct parser *parser)
{
	const struct option_spec help = {'h', "help", NULL, "print this help", NULL};

	print_usage(parser);
	printf("\n");
	for (size_t i = 0; i < parser->count; i++)
		if (!is_text(&parser->specs[i]) && parser->specs[i].help)
			print_option(&parser->specs[i]);
	print_option(&help);
	print_examples(parser);
	exit(output_stdout());
}

/* `spelled` is how the user wrote the option, with its dashes. */
static int option_apply(const struct parser *parser, const struct option_spec *spec, const char *spelled,
			const char *value)
{
	int rc = spec->set(parser->settings, value);

	if (rc > 0)
		trouble_say("ipctrace %s: invalid value '%s' for %s: expected %s: %s", parser->argv[0],
			    value ? value : "", spelled, spec->argument ? spec->argument : "none", spec->help);
	return rc ? -1 : 0;
}

static int option_missing(const struct parser *parser, const struct option_spec *spec, const char *spelled)
{
	trouble_say("ipctrace %s: option %s needs a value: %s %s", parser->argv[0], spelled, spelled, spec->argument);
	return -1;
}

static const struct option_spec *find_letter(const struct parser *parser, char letter)
{
	for (size_t i = 0; i < parser->count; i++)
		if (letter && parser->specs[i].letter == letter)
			return &parser->specs[i];
	return NULL;
}

static int parse_letters(struct parser *parser, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_spec *spec = find_letter(parser, *letters);
		char spelled[] = {'-', *letters, '\0'};
		if (!spec && *letters == 'h')
			print_help(parser);
		if (!spec) {
			trouble_say("ipctrace %s: unknown option '%s'; see ipctrace %s --help", parser->argv[0],
				    spelled, parser->argv[0]);
			return -1;
		}
		if (!spec->argument) {
			if (option_apply(parser, spec, spelled, NULL))
				return -1;
			continue;
		}
		if (letters[1] || is_optional(spec))
			return option_apply(parser, spec, spelled, letters[1] ? letters + 1 : NULL);
		if (parser->index + 1 >= parser->argc)
			return option_missing(parser, spec, spelled);
		return option_apply(parser, spec, spelled, parser->argv[++parser->index]);
	}
	return 0;
}

static int unknown_name(const struct parser *parser, const char *name)
{
	const char *near = NULL;
	unsigned best = ~0u;

	for (size_t i = 0; i < parser->count; i++) {
		const char *candidate = is_word(&parser->specs[i]) ? NULL : parser->specs[i].name;
		unsigned distance = candidate ? word_distance(name, candidate) : ~0u;
		if (distance < best && word_is_near(name, candidate)) {
			best = distance;
			near = candidate;
		}
	}
	if (near)
		trouble_say("ipctrace %s: unknown option '--%s'; did you mean '--%s'?", parser->argv[0], name, near);
	else
		trouble_say("ipctrace %s: unknown option '--%s'; see ipctrace %s --help", parser->argv[0], name,
			    parser->argv[0]);
	return -1;
}

static int parse_name(struct parser *parser, const char *word)
{
	char name[WORD_MAX + 1], spelled[WORD_MAX + 3];
	size_t size = strcspn(word, "=");
	const char *value = word[size] ? word + size + 1 : NULL;
	const struct option_spec *spec = NULL;

	snprintf(name, sizeof(name), "%.*s", (int)(size > WORD_MAX ? WORD_MAX : size), word);
	snprintf(spelled, sizeof(spelled), "--%s", name);
	for (size_t i = 0; i < parser->count && !spec; i++)
		if (parser->specs[i].name && !is_word(&parser->specs[i]) && !strcmp(parser->specs[i].name, name))
			spec = &parser->specs[i];
	if (!spec && !strcmp(name, "help"))
		print_help(parser);
	if (!spec)
		return unknown_name(parser, name);
	if (!spec->argument && value) {
		trouble_say("ipctrace %s: option %s takes no value", parser->argv[0], spelled);
		return -1;
	}
	if (spec->argument && !value && !is_optional(spec)) {
		if (parser->index + 1 >= parser->argc)
			return option_missing(parser, spec, spelled);
		value = parser->argv[++parser->index];
	}
	return option_apply(parser, spec, spelled, value);
}

/* Moves the `kept` words before argv[from..to) behind it. */
static void words_move(char **argv, int from, int to, int kept)
{
	for (int i = from; i < to; i++) {
		char *word = argv[i];
		memmove(argv + i - kept + 1, argv + i - kept, (size_t)kept * sizeof(*argv));
		argv[i - kept] = word;
	}
}

int options_parse_mixed(const struct option_spec *specs, size_t count, void *settings, int argc, char **argv, int words)
{
	struct parser parser = {specs, count, settings, argc, argv, 1};
	int kept = 0; /* words that stand before argv[index], and have no option behind them yet */

	for (; parser.index < argc; parser.index++) {
		const char *word = argv[parser.index];
		int from = parser.index;
		if (!strcmp(word, "--")) {
			words_move(argv, from, ++parser.index, kept);
			break;
		}
		if (word[0] != '-' || !word[1]) {
			if (kept == words)
				break;
			kept++;
			continue;
		}
		if (word[1] == '-' ? parse_name(&parser, word + 2) : parse_letters(&parser, word + 1))
			return -1;
		words_move(argv, from, parser.index + 1, kept);
	}
	return parser.index - kept;
}

int options_parse(const struct option_spec *specs, size_t count, void *settings, int argc, char **argv)
{
	return options_parse_mixed(specs, count, settings, argc, argv, 0);
}
