// SPDX-License-Identifier: MIT
/*
 * `ipctrace baseline`: learn what varies between good runs, check a run against that, accept what is new.
 */
#include "reader/baseline_file.h"
#include "format/trouble.h"
#include "reader/command.h"
#include "reader/diff_show.h"
#include "reader/option.h"
#include "reader/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of more runs not all pairs are compared to find the one most like the others. */
#define MEDOID_RUNS_MAX 6u
#define SHOWN_MAX	20u

struct baseline_settings {
	const char *output;
	const char *reason;
};

static int set_output(void *settings, const char *value)
{
	((struct baseline_settings *)settings)->output = value;
	return 0;
}

static int set_reason(void *settings, const char *value)
{
	((struct baseline_settings *)settings)->reason = value;
	return strchr(value, '\n') != NULL;
}

static const struct option_spec options[] = {
	{0, NULL, "learn -o FILE RUN...", "ipctrace baseline learn -o server.baseline good*.ipct", NULL},
	{0, NULL, "check FILE RUN", "ipctrace baseline check server.baseline new.ipct", NULL},
	{0, NULL, "accept [--reason TEXT] FILE RUN",
	 "ipctrace diff --baseline server.baseline --junit=gate.xml new.ipct    # check, for CI", NULL},
	{'o', "output", "FILE", "learn: write the baseline to FILE, its reference to FILE.ipct", set_output},
	{0, "reason", "TEXT", "accept: why, for those who review the file", set_reason},
};

/* ---- learn ---------------------------------------------------------------------------------------------------- */

/* How many differences there are between two runs. */
static int count_differences(struct run *a, struct run *b, uint64_t *count)
{
	struct comparison comparison;
	int rc = comparison_make(&comparison, a, b, 0);

	*count = comparison.differences.edits;
	comparison_free(&comparison);
	return rc;
}

/* The run that is most like all others. 0 or -errno. */
static int choose_reference(struct run *runs, uint32_t count, uint32_t *reference)
{
	uint64_t least = UINT64_MAX;
	int rc = 0;

	*reference = 0;
	for (uint32_t i = 0; !rc && count <= MEDOID_RUNS_MAX && i < count; i++) {
		uint64_t sum = 0, own = 0;
		for (uint32_t k = 0; !rc && k < count; k++) {
			if (k != i)
				rc = count_differences(&runs[i], &runs[k], &own);
			sum += k == i ? 0 : own;
		}
		if (sum < least) {
			least = sum;
			*reference = i;
		}
	}
	return rc;
}

static void say_refused(const struct comparison *comparison, const char *path)
{
	struct text text = {0};

	for (uint32_t i = 0; i < comparison->differences.count; i++) {
		const struct difference *difference = &comparison->differences.rows[i];
		if (class_is_learned(difference->class))
			continue;
		text_format(&text, "ipctrace baseline: %s: not learned: ", path);
		show_headline(difference, &text);
		text_char(&text, '\n');
	}
	fputs(text_string(&text), stderr);
	text_free(&text);
}

static int learn_from(struct learned *learned, struct run *reference, struct run *other)
{
	struct comparison comparison;
	int rc = comparison_make(&comparison, reference, other, DETAILED_MAX);

	if (!rc && comparison.is_incomplete) {
		trouble_say("ipctrace baseline: %s", comparison_trouble(&comparison));
		rc = -EINVAL;
	} else if (!rc) {
		say_refused(&comparison, other->path);
		rc = learned_add(learned, &comparison, false);
	}
	comparison_free(&comparison);
	return rc;
}

/* A baseline is written over the file of its name: none of the runs. False after one line. */
static bool output_is_apart(const char *output, int count, char **runs)
{
	bool is_run = output_is_input(output, (const char *const *)runs, (size_t)count);

	if (is_run)
		trouble_say("ipctrace baseline: -o %s: %s", output, output_trouble(-EINVAL));
	return !is_run;
}

static int learn(const struct baseline_settings *settings, int count, char **paths)
{
	struct run *runs = calloc((size_t)count, sizeof(*runs));
	struct learned learned = {0};
	uint32_t reference = 0;
	int status = 2, rc = -ENOMEM;

	if (runs && !runs_open(runs, (const char *const *)paths, NULL, (uint32_t)count, true)) {
		rc = choose_reference(runs, (uint32_t)count, &reference);
		for (int i = 0; !rc && i < count; i++)
			if ((uint32_t)i != reference)
				rc = learn_from(&learned, &runs[reference], &runs[i]);
		if (!rc)
			status = baseline_write(settings->output, paths[reference], &runs[reference], &learned);
		else if (rc != -EINVAL)
			trouble_say("ipctrace baseline: %s", strerror(-rc));
		if (!status)
			trouble_say("%s: %u runs, %u sorts of variation learned, %u not", settings->output,
				    learned.runs + 1, learned.count, learned.refused);
		if (!status && learned.refused)
			status = 1;
	}
	for (int i = 0; runs && i < count; i++)
		run_free(&runs[i]);
	free(runs);
	learned_free(&learned);
	return status;
}

/* ---- check, accept -------------------------------------------------------------------------------------------- */

static int show_check(const struct comparison *comparison, const struct verdict *verdict)
{
	struct show_style style = {output_color(NULL, STDOUT_FILENO) > 0, SHOWN_MAX, false};
	struct output output = {.fd = STDOUT_FILENO};

	show_text(comparison, verdict, &style, &output.text);
	int rc = output_flush(&output);
	output_free(&output);
	return rc < 0 ? 2 : (int)verdict->status;
}

/* What counts, and only that. */
static void keep_counting(struct comparison *comparison, const struct verdict *verdict)
{
	struct differences *differences = &comparison->differences;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < differences->count; i++) {
		if (verdict->counts[i])
			differences->rows[kept++] = differences->rows[i];
		else
			difference_free(&differences->rows[i]);
	}
	differences->count = kept;
}

static int append_accepted(const struct baseline_settings *settings, struct comparison *comparison,
			   const struct verdict *verdict, const char *path)
{
	struct learned learned = {0};
	struct text text = {0}, remark = {0};
	time_t now = time(NULL);
	struct tm day;
	int status = 2;

	keep_counting(comparison, verdict);
	gmtime_r(&now, &day);
	text_format(&remark, "accepted %04d-%02d-%02d%s%s,", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday,
		    settings->reason ? ": " : "", settings->reason ? settings->reason : "");
	if (!learned_add(&learned, comparison, true)) {
		learned_print(&learned, text_string(&remark), &text);
		status = baseline_append(path, &text);
	}
	if (!status)
		printf("%u rule%s added to %s\n", learned.count, learned.count == 1 ? "" : "s", path);
	text_free(&text);
	text_free(&remark);
	learned_free(&learned);
	return status;
}

static int check(const struct baseline_settings *settings, const char *path, const char *run, bool accepts)
{
	struct baseline baseline;
	struct comparison comparison = {0};
	struct verdict verdict = {0};
	struct run runs[SIDES] = {{0}};
	int status = baseline_read(&baseline, path);
	const char *const paths[SIDES] = {baseline.reference, run};

	if (!status)
		status = runs_open(runs, paths, NULL, SIDES, true);
	if (!status) {
		int rc = comparison_make(&comparison, &runs[SIDE_OLD], &runs[SIDE_NEW], DETAILED_MAX);
		if (!rc)
			learned_doubt(&comparison.differences, &baseline.rules);
		if (!rc)
			rc = verdict_make(&verdict, &comparison, &baseline.rules, ~(1u << CLASS_RANDOM), false);
		if (rc)
			trouble_say("ipctrace baseline: %s", strerror(-rc));
		if (!rc && accepts && comparison.is_incomplete) {
			trouble_say("ipctrace baseline: nothing accepted: %s", comparison_trouble(&comparison));
			status = VERDICT_INCOMPLETE;
		} else {
			status = rc	   ? 2
				 : accepts ? append_accepted(settings, &comparison, &verdict, path)
					   : show_check(&comparison, &verdict);
		}
	}
	free(verdict.counts);
	comparison_free(&comparison);
	run_free(&runs[SIDE_OLD]);
	run_free(&runs[SIDE_NEW]);
	baseline_free(&baseline);
	return status;
}

int command_baseline(int argc, char **argv)
{
	struct baseline_settings settings = {0};
	const char *action = argc > 1 && argv[1][0] != '-' ? argv[1] : "";
	int skip = *action ? 1 : 0;

	/* What follows is parsed as if the action were not there. */
	if (skip)
		argv[1] = argv[0];
	int index = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc - skip,
					argv + skip, argc);

	if (index < 0)
		return 2;
	char **words = argv + skip + index;
	int count = argc - skip - index;
	if (!strcmp(action, "learn") && settings.output && count >= 2)
		return output_is_apart(settings.output, count, words) ? learn(&settings, count, words) : 2;
	if (!strcmp(action, "check") && count == 2)
		return check(&settings, words[0], words[1], false);
	if (!strcmp(action, "accept") && count == 2)
		return check(&settings, words[0], words[1], true);
	if (*action && strcmp(action, "learn") && strcmp(action, "check") && strcmp(action, "accept")) {
		trouble_say("ipctrace baseline: '%s' is none of learn, check and accept; see ipctrace baseline --help",
			    action);
		return 2;
	}
	trouble_say(
		"ipctrace baseline: expected learn -o FILE and at least two runs, check FILE RUN, or accept FILE RUN; "
		"see ipctrace baseline --help");
	return 2;
}
