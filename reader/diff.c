// SPDX-License-Identifier: MIT
/*
 * `ipctrace diff`: what one run of a program did otherwise than another one.
 */
#include "reader/diff.h"
#include "format/number.h"
#include "format/trouble.h"
#include "reader/baseline_file.h"
#include "reader/command.h"
#include "reader/comparison.h"
#include "reader/diff_latency.h"
#include "reader/diff_show.h"
#include "reader/option.h"
#include "reader/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum latency_mode { LATENCY_AUTO, LATENCY_OFF, LATENCY_WARN, LATENCY_FAIL };

struct diff_settings {
	struct diff_rules rules;
	uint32_t fail_on;
	uint32_t limit;
	const char *junit, *color, *baseline;
	enum latency_mode latency;
	bool json, markdown, quiet;
};

/* ---- options -------------------------------------------------------------------------------------------------- */

static int set_fail_on(void *settings, const char *value)
{
	struct diff_settings *diff = settings;
	char word[64];

	diff->fail_on = classes_parse(value, word, sizeof(word));
	if (diff->fail_on) {
		diff->fail_on &= ~(1u << CLASS_RANDOM); /* never counts between two runs */
		return 0;
	}
	trouble_say("ipctrace diff: --fail-on: there is no class '%s'", word);
	return -EINVAL;
}

/* A rule, or a file of them. */
static int set_ignore(void *settings, const char *value)
{
	struct diff_settings *diff = settings;
	char trouble[256] = "";
	bool is_file = access(value, F_OK) == 0;
	int rc = is_file ? diff_rules_read(&diff->rules, value, trouble, sizeof(trouble))
			 : diff_rules_add(&diff->rules, value, trouble, sizeof(trouble));

	if (rc > 0 && !is_file)
		trouble_say("ipctrace diff: --ignore %s: no such file, and as a rule: %s", value, trouble);
	else if (rc)
		trouble_say("ipctrace diff: --ignore %s: %s", value, rc > 0 ? trouble : strerror(-rc));
	return rc ? -EINVAL : 0;
}

static int set_limit(void *settings, const char *value)
{
	uint64_t limit;
	int rc = number_parse(value, 0, DETAILED_MAX, &limit);

	if (!rc)
		((struct diff_settings *)settings)->limit = (uint32_t)limit;
	return rc;
}

static int set_latency(void *settings, const char *value)
{
	static const char *const modes[] = {"auto", "off", "warn", "fail"};

	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(value, modes[i]))
			continue;
		((struct diff_settings *)settings)->latency = (enum latency_mode)i;
		return 0;
	}
	return 1;
}

static int set_baseline(void *settings, const char *value)
{
	((struct diff_settings *)settings)->baseline = value;
	return 0;
}

/* Taken out of the line before: see take_sides(). */
static int set_side(void *settings, const char *value)
{
	trouble_say("ipctrace diff: expected --old RUN... --new RUN...");
	return -EINVAL;
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
	{0, NULL, "[OPTION]... --old RUN... --new RUN...", "ipctrace diff --old a1.ipct a2.ipct --new b1.ipct b2.ipct",
	 NULL},
	{0, NULL, "[OPTION]... --baseline FILE NEW", NULL, NULL},
	{0, "old", "RUN...", "several runs of the old side", set_side},
	{0, "new", "RUN...", "several runs of the new side", set_side},
	{0, "baseline", "FILE", "compare with what ipctrace baseline has learned", set_baseline},
	{0, "latency", "WHEN", "shifts of time: auto, off, warn or fail", set_latency},
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
	trouble_say("ipctrace diff: %s: %s", path ? path : "standard output", strerror(-rc));
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

/* ---- comparing ------------------------------------------------------------------------------------------------ */

/* The runs of both sides, in order; their paths point into the command line. */
struct sides {
	const char **paths;
	uint32_t counts[SIDES];
	bool is_named; /* by --old or --new */
	struct run *runs;
};

static struct run *run_of(const struct sides *sides, unsigned side, uint32_t number)
{
	return &sides->runs[side == SIDE_OLD ? number : sides->counts[SIDE_OLD] + number];
}

static int add_latency(const struct diff_settings *settings, struct comparison *comparison, const struct sides *sides)
{
	uint32_t count = sides->counts[SIDE_OLD] + sides->counts[SIDE_NEW];
	struct run **all = malloc(count * sizeof(*all));
	uint32_t needed = 0;
	int rc = all ? 0 : -ENOMEM;

	for (uint32_t i = 0; !rc && i < count; i++)
		all[i] = &sides->runs[i];
	if (!rc && settings->latency != LATENCY_OFF)
		rc = latency_compare(&comparison->differences, all, sides->counts[SIDE_OLD],
				     all + sides->counts[SIDE_OLD], sides->counts[SIDE_NEW], &needed);
	if (!rc)
		differences_sort(&comparison->differences);
	if (!rc && needed)
		comparison_note(comparison, "not enough runs to prove a shift of time: %u a side are needed", needed);
	free(all);
	return rc;
}

/* One run against one proves nothing about time: then a shift is said and does not fail. */
static bool latency_fails(const struct diff_settings *settings, const struct sides *sides)
{
	bool are_several = sides->counts[SIDE_OLD] >= 4 && sides->counts[SIDE_NEW] >= 4;

	return settings->latency == LATENCY_FAIL || (settings->latency == LATENCY_AUTO && are_several);
}

static int compare_pair(struct diff_settings *settings, const struct sides *sides, uint32_t number,
			struct comparison *comparison, struct verdict *verdict)
{
	int rc = comparison_make(comparison, run_of(sides, SIDE_OLD, 0), run_of(sides, SIDE_NEW, number), DETAILED_MAX);

	if (!rc && (settings->baseline || sides->counts[SIDE_OLD] > 1))
		learned_doubt(&comparison->differences, &settings->rules);
	if (!rc)
		rc = add_latency(settings, comparison, sides);
	if (!rc)
		rc = verdict_make(verdict, comparison, &settings->rules, settings->fail_on,
				  latency_fails(settings, sides));
	return rc;
}

/* Several old runs say what varies without a change. */
static int learn_from_old(struct diff_settings *settings, const struct sides *sides)
{
	struct learned learned = {0};
	struct text text = {0};
	char trouble[256];
	int rc = 0;

	for (uint32_t i = 1; !rc && i < sides->counts[SIDE_OLD]; i++) {
		struct comparison comparison;
		rc = comparison_make(&comparison, run_of(sides, SIDE_OLD, 0), run_of(sides, SIDE_OLD, i), DETAILED_MAX);
		if (!rc)
			rc = learned_add(&learned, &comparison, false);
		comparison_free(&comparison);
	}
	learned_print(&learned, "between the old runs", &text);
	for (const char *line = text_string(&text); !rc && *line; line += *line == '\n') {
		rc = diff_rules_add(&settings->rules, line, trouble, sizeof(trouble));
		line += strcspn(line, "\n");
	}
	text_free(&text);
	learned_free(&learned);
	return rc;
}

/* The new run that differs most is shown, and in how many something differs is said. */
static int compare_sides(struct diff_settings *settings, const struct sides *sides)
{
	struct comparison comparison = {0}, worst = {0};
	struct verdict verdict = {0}, worst_verdict = {0};
	uint32_t differing = 0;
	int status = 2, rc = learn_from_old(settings, sides);

	for (uint32_t i = 0; !rc && i < sides->counts[SIDE_NEW]; i++) {
		rc = compare_pair(settings, sides, i, &comparison, &verdict);
		differing += !rc && verdict.differences;
		if (!rc && (!i || verdict.differences > worst_verdict.differences)) {
			free(worst_verdict.counts);
			comparison_free(&worst);
			worst = comparison;
			worst_verdict = verdict;
		} else {
			free(verdict.counts);
			comparison_free(&comparison);
		}
		comparison = (struct comparison){0};
		verdict = (struct verdict){0};
	}
	if (!rc && sides->counts[SIDE_NEW] > 1)
		comparison_note(&worst, "%u of %u new runs differ", differing, sides->counts[SIDE_NEW]);
	if (rc)
		trouble_say("ipctrace diff: %s", strerror(-rc));
	else
		status = show(settings, &worst, &worst_verdict);
	free(worst_verdict.counts);
	comparison_free(&worst);
	return status;
}

/* ---- the command line ----------------------------------------------------------------------------------------- */

/*
 * Takes `--old RUN... --new RUN...` out of the line, up to the next option each. Returns what is left of argc, or -1
 * when out of memory.
 */
static int take_sides(struct sides *sides, int argc, char **argv)
{
	const char **found[SIDES];
	int kept = 1, side = -1;

	sides->paths = malloc((size_t)argc * sizeof(*sides->paths));
	found[SIDE_OLD] = malloc((size_t)argc * sizeof(*found[0]));
	found[SIDE_NEW] = malloc((size_t)argc * sizeof(*found[0]));
	if (!sides->paths || !found[SIDE_OLD] || !found[SIDE_NEW])
		kept = -1;
	for (int i = 1; kept > 0 && i < argc; i++) {
		bool is_word = argv[i][0] != '-' || !argv[i][1];
		if (!strcmp(argv[i], "--old") || !strcmp(argv[i], "--new"))
			side = argv[i][2] == 'o' ? SIDE_OLD : SIDE_NEW, sides->is_named = true;
		else if (is_word && side >= 0)
			found[side][sides->counts[side]++] = argv[i];
		else
			argv[kept++] = argv[i], side = -1;
	}
	for (unsigned s = 0, at = 0; kept > 0 && s < SIDES; s++)
		for (uint32_t i = 0; i < sides->counts[s]; i++)
			sides->paths[at++] = found[s][i];
	free(found[SIDE_OLD]);
	free(found[SIDE_NEW]);
	return kept;
}

/* Completes the sides from the words that are left. NULL, or what is needed instead of them. */
static const char *choose_paths(const struct diff_settings *settings, const struct baseline *baseline,
				struct sides *sides, int count, char **words)
{
	if (sides->is_named) {
		bool is_right = !count && sides->counts[SIDE_OLD] && sides->counts[SIDE_NEW] && !settings->baseline;
		return is_right ? NULL : "--old RUN... --new RUN..., and nothing else";
	}
	if (count != (settings->baseline ? 1 : 2))
		return settings->baseline ? "one trace to be compared with the baseline" : "two traces, OLD and NEW";
	sides->paths[0] = settings->baseline ? baseline->reference : words[0];
	sides->paths[1] = words[count - 1];
	sides->counts[SIDE_OLD] = sides->counts[SIDE_NEW] = 1;
	return NULL;
}

/* The rules of the baseline join those of the command line. */
static int read_baseline(struct diff_settings *settings, struct baseline *baseline)
{
	char trouble[256];
	int status = baseline_read(baseline, settings->baseline);

	if (!status && diff_rules_read(&settings->rules, settings->baseline, trouble, sizeof(trouble)))
		status = 2;
	return status;
}

/* The JUnit file is written last, over whatever it was: none of the files that are compared. False after one line. */
static bool junit_is_apart(const struct diff_settings *settings, const struct sides *sides)
{
	bool is_input =
		settings->junit &&
		(output_is_input(settings->junit, sides->paths, sides->counts[SIDE_OLD] + sides->counts[SIDE_NEW]) ||
		 (settings->baseline && output_is_input(settings->junit, &settings->baseline, 1)));

	if (is_input)
		trouble_say("ipctrace diff: --junit %s: %s", settings->junit, output_trouble(-EINVAL));
	return !is_input;
}

static int run_diff(struct diff_settings *settings, struct sides *sides, int count, char **words)
{
	struct baseline baseline = {0};
	int status = settings->baseline ? read_baseline(settings, &baseline) : 0;

	const char *needed = status ? NULL : choose_paths(settings, &baseline, sides, count, words);

	if (needed) {
		trouble_say("ipctrace diff: expected %s; see ipctrace diff --help", needed);
		status = 2;
	}
	if (!status && !junit_is_apart(settings, sides))
		status = 2;
	uint32_t runs = sides->counts[SIDE_OLD] + sides->counts[SIDE_NEW];
	sides->runs = status ? NULL : calloc(runs, sizeof(*sides->runs));
	if (!status)
		status = sides->runs ? runs_open(sides->runs, sides->paths, NULL, runs, !settings->quiet) : 2;
	if (!status)
		status = compare_sides(settings, sides);
	for (uint32_t i = 0; sides->runs && i < runs; i++)
		run_free(&sides->runs[i]);
	free(sides->runs);
	baseline_free(&baseline);
	return status;
}

int diff_again(const char *const paths[SIDES], const struct canon_scope scopes[SIDES])
{
	/* Nobody draws anything when a run is gone through again. */
	struct diff_settings settings = {.fail_on = ~0u, .limit = 20, .latency = LATENCY_OFF};
	struct run runs[SIDES];
	struct sides sides = {.paths = (const char **)paths, .counts = {1, 1}, .runs = runs};
	int status = runs_open(runs, paths, scopes, SIDES, true);

	if (!status)
		status = compare_sides(&settings, &sides);
	run_free(&runs[SIDE_OLD]);
	run_free(&runs[SIDE_NEW]);
	return status;
}

int command_diff(int argc, char **argv)
{
	struct diff_settings settings = {.fail_on = ~(1u << CLASS_RANDOM), .limit = 20};
	struct sides sides = {0};
	int left = take_sides(&sides, argc, argv);
	int index = left < 0 ? -1
			     : options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, left, argv,
						   left);
	int status = 2;

	if (index >= 0 && settings.json && settings.markdown)
		trouble_say("ipctrace diff: --json and --markdown: only one of them can be printed");
	else if (index >= 0)
		status = run_diff(&settings, &sides, left - index, argv + index);

	diff_rules_free(&settings.rules);
	free(sides.paths);
	return status;
}
