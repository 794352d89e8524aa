// SPDX-License-Identifier: MIT
/*
 * Command lines read by table: one row an option; the help of a command is made of the same rows.
 */
#ifndef IPCTRACE_READER_OPTION_H
#define IPCTRACE_READER_OPTION_H

#include <stddef.h>

/*
 * One option. `letter` is 0 when there is only a long name, `name` NULL when there is only a letter.
 * `argument` is NULL for a flag, "NAME" when a value is required, "[NAME]" when it may be attached (`-k8`, `--name=8`).
 *
 * `set` is called each time the option is met, so that `-tt` calls it twice; `value` is NULL when there is none.
 * It returns 0; positive when the value is not understood (the parser says so in one line); negative when it is wrong
 * and `set` has said so itself.
 *
 * A row with neither letter nor name speaks of the command: `argument` is what follows the command's name in the usage
 * line, `help` an example. There may be several; their usage and examples are printed in order.
 *
 * A row with a name but neither letter nor `set` is a word that the command reads itself: it is only in the help.
 */
struct option_spec {
	char letter;
	const char *name;
	const char *argument;
	const char *help;
	int (*set)(void *settings, const char *value);
};

/*
 * Reads the options of argv[1..argc); argv[0] is the name of the command, used in messages. Stops at the first word
 * that is not an option, and after `--`. Flags may be clustered (`-qf`), a value may be attached or the next word. -h
 * and --help print the help on stdout and end the process with 0, unless a row claims them. Returns the index of the
 * first word that is not an option, or -1 after one line on stderr.
 */
int options_parse(const struct option_spec *specs, size_t count, void *settings, int argc, char **argv);

/*
 * The same for commands whose options may also stand behind words, as in `print server.ipct -y`: behind any of the
 * first `words` of them. What follows further words or `--` is left as it is. argv is put in order: options first.
 */
int options_parse_mixed(const struct option_spec *specs, size_t count, void *settings, int argc, char **argv,
			int words);

/*
 * How many letters must be added, dropped, replaced or swapped to make `a` of `b`; for suggestions. Words longer than
 * 63 letters are compared by their beginnings.
 */
unsigned word_distance(const char *a, const char *b);

/* Whether `candidate` is near enough to a mistyped `word` to be suggested. */
int word_is_near(const char *word, const char *candidate);

#endif
