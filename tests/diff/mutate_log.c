// SPDX-License-Identifier: MIT
/*
 * mutate-log IN OUT --seed N KIND [--count K]: writes a log in which something is different, and says what.
 *
 * 0: done, one line of JSON a change on standard output. 1: the log has nothing that could be changed so; OUT is a
 * copy. 2: trouble, one line on standard error.
 */
#include <stdlib.h>
#include <string.h>

#include "reader/option.h"
#include "tests/diff/mutation.h"

#define STATUS_NOTHING 1
#define STATUS_TROUBLE 2

struct settings {
	uint64_t seed, count;
};

static int read_number(const char *text, uint64_t *number)
{
	char *end;

	*number = strtoul(text, &end, 10);
	return !*text || *end;
}

static int set_seed(void *settings, const char *value)
{
	return read_number(value, &((struct settings *)settings)->seed);
}

static int set_count(void *settings, const char *value)
{
	return read_number(value, &((struct settings *)settings)->count);
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... IN OUT KIND", "mutate-log --seed=7 --count=3 old.ipct new.ipct drop", NULL},
	{0, "seed", "N", "where chance begins", set_seed},
	{0, "count", "K", "how many calls to change", set_count},
};

static int change_log(const char *const *words, const struct settings *settings)
{
	const struct mutation *mutation = mutation_find(words[2]);
	struct mutate mutate = {.random = settings->seed, .count = (uint32_t)settings->count};
	struct log_trouble trouble;
	struct draft draft;
	int rc;

	if (!mutation) {
		fprintf(stderr, "mutate-log: %s: no such kind of change\n", words[2]);
		return STATUS_TROUBLE;
	}
	if (draft_read(&draft, words[0], &trouble)) {
		fprintf(stderr, "mutate-log: %s\n", trouble.text);
		return STATUS_TROUBLE;
	}
	mutate.draft = &draft;
	mutate_apply(&mutate, mutation);
	rc = draft_write(&draft, words[1]);
	if (rc)
		fprintf(stderr, "mutate-log: %s: %s\n", words[1], strerror(-rc));
	else
		mutate_report(&mutate, mutation, stdout);
	rc = rc ? STATUS_TROUBLE : mutate.changes_count ? 0 : STATUS_NOTHING;
	mutate_free(&mutate);
	draft_free(&draft);
	return rc;
}

/* Options may stand anywhere. */
int main(int argc, char **argv)
{
	struct settings settings = {.seed = 1, .count = 1};
	const char *words[3];
	int count = 0;

	while (argc > 1) {
		int at = options_parse(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv);
		if (at < 0)
			return STATUS_TROUBLE;
		if (at < argc && count == 3) {
			fprintf(stderr, "mutate-log: %s: one word too many\n", argv[at]);
			return STATUS_TROUBLE;
		}
		if (at < argc)
			words[count++] = argv[at];
		argv += at;
		argc -= at;
	}
	if (count == 3)
		return change_log(words, &settings);
	fprintf(stderr, "mutate-log: wanted: IN OUT KIND, with KIND one of");
	for (size_t i = 0; i < mutations_count; i++)
		fprintf(stderr, " %s", mutations[i].name);
	fprintf(stderr, "\n");
	return STATUS_TROUBLE;
}
