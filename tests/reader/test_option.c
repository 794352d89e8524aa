// SPDX-License-Identifier: MIT
/*
 * How command lines are read.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>

#include <stdlib.h>
#include <string.h>

#include "reader/option.h"

struct settings {
	int times;
	int quiet;
	const char *output;
	const char *depth;
};

static int set_time(void *settings, const char *value)
{
	((struct settings *)settings)->times++;
	return value != NULL;
}

static int set_quiet(void *settings, const char *value)
{
	((struct settings *)settings)->quiet = 1;
	return value != NULL;
}

static int set_output(void *settings, const char *value)
{
	((struct settings *)settings)->output = value;
	return !strcmp(value, "bad");
}

static int set_depth(void *settings, const char *value)
{
	((struct settings *)settings)->depth = value ? value : "default";
	return 0;
}

static const struct option_spec specs[] = {
	{0, NULL, "[OPTION]... FILE", "ipctrace try -t x", NULL},
	{'t', NULL, NULL, "time", set_time},
	{'q', "quiet", NULL, "quiet", set_quiet},
	{'o', "output", "FILE", "where to", set_output},
	{'k', "stacks", "[DEPTH]", "stacks", set_depth},
};

static struct settings settings;

static int parse(int argc, char **argv)
{
	memset(&settings, 0, sizeof(settings));
	return options_parse(specs, 5, &settings, argc, argv);
}

#define PARSE(...) parse(sizeof((char *[]){"try", __VA_ARGS__}) / sizeof(char *), (char *[]){"try", __VA_ARGS__, NULL})

Test(option, letters_are_counted_and_clustered)
{
	cr_expect(eq(int, PARSE("-ttq", "-t", "x"), 3));
	cr_expect(eq(int, settings.times, 3));
	cr_expect(eq(int, settings.quiet, 1));
}

Test(option, values_are_attached_or_the_next_word)
{
	cr_expect(eq(int, PARSE("-ofile"), 2));
	cr_expect(eq(str, (char *)settings.output, "file"));
	cr_expect(eq(int, PARSE("-qo", "-file"), 3));
	cr_expect(eq(str, (char *)settings.output, "-file"));
	cr_expect(eq(int, PARSE("--output=a=b"), 2));
	cr_expect(eq(str, (char *)settings.output, "a=b"));
	cr_expect(eq(int, PARSE("--output", "c"), 3));
	cr_expect(eq(str, (char *)settings.output, "c"));
}

Test(option, optional_values_are_only_taken_when_attached)
{
	cr_expect(eq(int, PARSE("-k", "8"), 2));
	cr_expect(eq(str, (char *)settings.depth, "default"));
	cr_expect(eq(int, PARSE("-k8"), 2));
	cr_expect(eq(str, (char *)settings.depth, "8"));
	cr_expect(eq(int, PARSE("--stacks=9"), 2));
	cr_expect(eq(str, (char *)settings.depth, "9"));
}

Test(option, reading_stops_at_the_first_other_word_and_behind_two_dashes)
{
	cr_expect(eq(int, PARSE("-q", "word", "-t"), 2));
	cr_expect(eq(int, settings.times, 0));
	cr_expect(eq(int, PARSE("--", "-t"), 2));
	cr_expect(eq(int, settings.times, 0));
	cr_expect(eq(int, PARSE("-"), 1));
}

#define MIXED(words, first, ...)                                                          \
	do {                                                                              \
		char *line[] = {"try", __VA_ARGS__, NULL};                                \
		int count = sizeof(line) / sizeof(line[0]) - 1;                           \
		memset(&settings, 0, sizeof(settings));                                   \
		int index = options_parse_mixed(specs, 5, &settings, count, line, words); \
		cr_expect(eq(int, count - index, words_left));                            \
		cr_expect(eq(str, index < count ? line[index] : "", first));              \
	} while (0)

Test(option, options_may_stand_behind_words_where_that_is_allowed)
{
	int words_left = 2;

	MIXED(9, "a", "a", "-t", "b", "-o", "file", "-qt");
	cr_expect(eq(int, settings.times, 2));
	cr_expect(eq(int, settings.quiet, 1));
	cr_expect(eq(str, (char *)settings.output, "file"));
	MIXED(9, "a", "-t", "a", "--", "-t");
	cr_expect(eq(int, settings.times, 1));
	words_left = 3;
	MIXED(1, "trace", "trace", "-q", "program", "-t");
	cr_expect(eq(int, settings.quiet, 1));
	cr_expect(eq(int, settings.times, 0));
	MIXED(1, "trace", "-q", "trace", "--", "-t", "program");
	cr_expect(eq(int, settings.times, 0));
	words_left = 0;
	MIXED(9, "", "-t", "-q");
}

Test(option, mistakes_are_said_in_one_line, .init = cr_redirect_stderr)
{
	cr_expect(eq(int, PARSE("-x"), -1));
	cr_expect(eq(int, PARSE("--quit"), -1));
	cr_expect(eq(int, PARSE("-o"), -1));
	cr_expect(eq(int, PARSE("--quiet=1"), -1));
	cr_expect(eq(int, PARSE("-obad"), -1));
	fflush(stderr);
	cr_assert_stderr_eq_str("ipctrace try: unknown option '-x'; see ipctrace try --help\n"
				"ipctrace try: unknown option '--quit'; did you mean '--quiet'?\n"
				"ipctrace try: option -o needs a value: -o FILE\n"
				"ipctrace try: option --quiet takes no value\n"
				"ipctrace try: invalid value 'bad' for -o: expected FILE: where to\n");
}

Test(option, control_bytes_in_a_value_do_not_leave_the_line, .init = cr_redirect_stderr)
{
	cr_expect(eq(int, PARSE("--two\nlines"), -1));
	cr_expect(eq(int, PARSE("-\033"), -1));
	fflush(stderr);
	cr_assert_stderr_eq_str("ipctrace try: unknown option '--two\\nlines'; see ipctrace try --help\n"
				"ipctrace try: unknown option '-\\033'; see ipctrace try --help\n");
}

Test(option, help_is_made_of_the_table_and_ends_well, .init = cr_redirect_stdout, .exit_code = 0)
{
	PARSE("--help");
}

Test(option, distance_counts_letters_added_dropped_replaced_and_swapped)
{
	cr_expect(eq(int, (int)word_distance("print", "print"), 0));
	cr_expect(eq(int, (int)word_distance("pritn", "print"), 1));
	cr_expect(eq(int, (int)word_distance("prin", "print"), 1));
	cr_expect(eq(int, (int)word_distance("prints", "print"), 1));
	cr_expect(eq(int, (int)word_distance("point", "print"), 1));
	cr_expect(eq(int, (int)word_distance("", "print"), 5));
}
