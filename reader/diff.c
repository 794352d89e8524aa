// SPDX-License-Identifier: MIT
/*
 * `ipctrace diff`: what one run of a program did otherwise than another one.
 */
#include "reader/command.h"
#include "reader/comparison.h"
#include "reader/diff_show.h"
#include "reader/option.h"
#include "reader/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct diff_settings {
	struct diff_rules rules;
	uint32_t fail_on;
	uint32_t limit;
	const char *junit, *color;
	bool json, markdown, quiet;
};

/* ---- options -------------------------------------------------------------------------------------------------- */

static int set_fail_on(void *settings, const char *value)
{
	struct diff_settings *diff = settings;
	char word[64];

	diff->fail_on = classes_parse(value, word, sizeof(word));
	if (diff->fail_on)
		return 0;
	fprintf(stderr, "ipctrace diff: --fail-on: there is no class '%s'\n", word);
	return -EINVAL;
}

/* A rule, or a file of them. */
static int set_ignore(void *settings, const char *value)
{
	struct diff_settings *diff = settings;
	char trouble[256] = "";
	int rc = access(value, F_OK) == 0 ? diff_rules_read(&diff->rules, value, trouble, sizeof(trouble))
					  : diff_rules_add(&diff->rules, value, trouble, sizeof(trouble));

	if (rc)
		fprintf(stderr, "ipctrace diff: --ignore %s: %s\n", value, rc > 0 ? trouble : strerror(-rc));
	return rc ? -EINVAL : 0;
}

static int set_limit(void *settings, const char *value)
{
	char *end;
	unsigned long limit = strtoul(value, &end, 10);

	if (!*value || *end || *value == '-' || limit > DETAILED_MAX)
		return 1;
	((struct diff_settings *)settings)->limit = (uint32_t)limit;
	return 0;
}

static int set_json(void *settings, const char *value)
{
	((struct diff_settings *)settings)->json = true;
	return 0;
}

static int set_markdown(void *settings, const char *value)
{
	((struct diff_settings *)settings)->markdown = true;
	return 0;
}

static int set_junit(void *settings, const char *value)
{
	((struct diff_settings *)settings)->junit = value;
	return 0;
}

static int set_color(void *settings, const char *value)
{
	((struct diff_settings *)settings)->color = value;
	return output_color(value, STDOUT_FILENO) < 0;
}

static int set_quiet(void *settings, const char *value)
{
	((struct diff_settings *)settings)->quiet = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... OLD NEW", "ipctrace diff good.ipct bad.ipct", NULL},
	{0, "fail-on", "CLASS[,CLASS]", "only these classes of differences count", set_fail_on},
	{0, "ignore", "RULE|FILE", "differences that do not count; may be given again", set_ignore},
	{0, "limit", "COUNT", "show so many differences in full (20), up to 500", set_limit},
	{0, "json", NULL, "JSON Lines: the verdict, then each difference", set_json},
	{0, "markdown", NULL, "as Markdown, for a comment on a change", set_markdown},
	{0, "junit", "FILE", "write JUnit XML to FILE as well", set_junit},
	{0, "color", "WHEN", "auto, always or never", set_color},
	{'q', "quiet", NULL, "only the verdict", set_quiet},
};

/* ---- output --------------------------------------------------------------------------------------------------- */

static int write_text(struct output *output, const char *path)
{
	int rc;

	if (path)
		output->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	rc = output->fd < 0 ? -errno : output_flush(output);
	if (path && output->fd >= 0 && close(output->fd) && !rc)
		rc = -errno;
	output_free(output);
	if (rc >= 0)
		return 0;
	fprintf(stderr, "ipctrace diff: %s: %s\n", path ? path : "output", strerror(-rc));
	return 2;
}

static int show(const struct diff_settings *settings, const struct comparison *comparison,
		const struct verdict *verdict)
{
	struct show_style style = {output_color(settings->color, STDOUT_FILENO) > 0, settings->limit, settings->quiet};
	struct output output = {.fd = STDOUT_FILENO}, junit = {.fd = -1};

	if (settings->json)
		show_json(comparison, verdict, &output.text);
	else if (settings->markdown)
		show_markdown(comparison, verdict, &style, &output.text);
	else
		show_text(comparison, verdict, &style, &output.text);
	int status = write_text(&output, NULL);
	if (!status && settings->junit) {
		show_junit(comparison, verdict, &junit.text);
		status = write_text(&junit, settings->junit);
	}
	return status ? status : (int)verdict->status;
}

static int compare_runs(struct diff_settings *settings, struct run *old, struct run *new)
{
	struct comparison comparison;
	struct verdict verdict = {0};
	int status = 2;
	int rc = comparison_make(&comparison, old, new, DETAILED_MAX);

	if (!rc)
		rc = verdict_make(&verdict, &comparison, &settings->rules, settings->fail_on, false);
	if (rc)
		fprintf(stderr, "ipctrace diff: %s\n", strerror(-rc));
	else
		status = show(settings, &comparison, &verdict);
	free(verdict.counts);
	comparison_free(&comparison);
	return status;
}

int command_diff(int argc, char **argv)
{
	struct diff_settings settings = {.fail_on = ~(1u << CLASS_RANDOM), .limit = 20};
	int index = options_parse(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv);
	struct run runs[SIDES] = {{0}};
	int status = 2;

	if (index >= 0 && argc - index != 2)
		fprintf(stderr, "ipctrace diff: expected two traces; see ipctrace diff --help\n");
	else if (index >= 0 && !runs_open(runs, (const char *const *)argv + index, SIDES, !settings.quiet))
		status = compare_runs(&settings, &runs[SIDE_OLD], &runs[SIDE_NEW]);
	run_free(&runs[SIDE_OLD]);
	run_free(&runs[SIDE_NEW]);
	diff_rules_free(&settings.rules);
	return status;
}
