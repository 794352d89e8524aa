// SPDX-License-Identifier: MIT
/*
 * `ipctrace print`: the calls of a trace, a line each. Chooses and orders nothing itself.
 */
#include "reader/choice.h"
#include "format/number.h"
#include "format/trouble.h"
#include "reader/command.h"
#include "reader/line.h"
#include "reader/missing.h"
#include "reader/option.h"
#include "reader/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So many lines are made before any is written. */
#define ROWS_MAX 256u

struct print_settings {
	struct choice choice; /* first: its options are set through it */
	struct line_style style;
	const char *output, *color;
	bool json, follow, quiet;
	unsigned names; /* as asked for, also where only JSON would show them */
};

struct printing {
	struct print_settings *settings;
	struct trace *trace;
	struct lines lines;
	struct output output;
	bool has_paths;
	int failed; /* of writing while waiting; as output_flush() */
};

/* ---- options -------------------------------------------------------------------------------------------------- */

static int set_time(void *settings, const char *value)
{
	struct print_settings *print = settings;

	if (print->style.time < 3)
		print->style.time++;
	return 0;
}

static int set_relative(void *settings, const char *value)
{
	((struct print_settings *)settings)->style.relative = true;
	return 0;
}

static int set_durations(void *settings, const char *value)
{
	((struct print_settings *)settings)->style.durations = true;
	return 0;
}

static int set_names(void *settings, const char *value)
{
	struct print_settings *print = settings;

	if (print->style.names < 2)
		print->style.names++;
	return 0;
}

static int set_string_limit(void *settings, const char *value)
{
	uint64_t limit;
	int rc = number_parse(value, 0, UINT32_MAX, &limit);

	if (!rc)
		((struct print_settings *)settings)->style.string_limit = (uint32_t)limit;
	return rc;
}

static int set_stacks(void *settings, const char *value)
{
	((struct print_settings *)settings)->style.stacks = true;
	return 0;
}

static int set_output(void *settings, const char *value)
{
	((struct print_settings *)settings)->output = value;
	return 0;
}

static int set_color(void *settings, const char *value)
{
	((struct print_settings *)settings)->color = value;
	return output_color(value, STDOUT_FILENO) < 0;
}

static int set_json(void *settings, const char *value)
{
	((struct print_settings *)settings)->json = true;
	return 0;
}

static int set_follow(void *settings, const char *value)
{
	((struct print_settings *)settings)->follow = true;
	return 0;
}

static int set_quiet(void *settings, const char *value)
{
	((struct print_settings *)settings)->quiet = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... TRACE", "ipctrace print -tt -y -e %socket server.ipct", NULL},
	{'e', "calls", "EXPR", "only these calls: names and %families, ! for all but", choice_set_calls},
	{'p', "pid", "PID", "only this process or thread; may be given again", choice_set_pid},
	{'P', "path", "PATH", "only what concerns this path, or thing by name: 'pipe#0*'", choice_set_path},
	{'z', "successful", NULL, "only calls that succeeded", choice_set_successful},
	{'Z', "failed", NULL, "only calls that failed", choice_set_failed},
	{'t', NULL, NULL, "time of day; -tt with microseconds; -ttt since the epoch", set_time},
	{'r', "relative", NULL, "time since the call printed before", set_relative},
	{'T', "duration", NULL, "time spent in the call, in seconds", set_durations},
	{'y', "names", NULL, "what descriptors are; -yy also ids, addresses and pids", set_names},
	{'s', "strings", "SIZE", "show this much of strings and payload (all that was kept)", set_string_limit},
	{'k', "stacks", NULL, "the call stack below each call, when it was recorded", set_stacks},
	{'f', "follow", NULL, "go on while the trace is being written", set_follow},
	{0, "json", NULL, "one JSON object a line (docs/json.md)", set_json},
	{'o', "output", "FILE", "write to FILE", set_output},
	{0, "color", "WHEN", "auto, always or never", set_color},
	{'q', "quiet", NULL, "do not say on stderr what is missing or damaged", set_quiet},
};

/* ---- printing ------------------------------------------------------------------------------------------------- */

static bool wants_names(const struct printing *printing)
{
	return printing->settings->json || printing->settings->style.names || printing->has_paths;
}

/* An entry that may not be wanted, or is no event. Controls are said whatever is wanted. 0 or -ENOMEM. */
static int print_entry(struct printing *printing, const struct trace_entry *entry)
{
	void (*print_control)(struct lines *, const struct trace_entry *, struct text *) =
		printing->settings->json ? line_print_control_json : line_print_control;
	void (*print)(struct lines *, const struct trace_entry *, struct text *) =
		printing->settings->json ? line_print_json : line_print;
	int rc = identity_feed(printing->lines.identities, entry);

	if (!rc && entry->kind == TRACE_CONTROL)
		print_control(&printing->lines, entry, &printing->output.text);
	if (!rc && entry->kind == TRACE_EVENT &&
	    choice_wants(&printing->settings->choice, entry->event, printing->lines.identities))
		print(&printing->lines, entry, &printing->output.text);
	return rc;
}

static int print_entries(struct printing *printing)
{
	int (*print_rows)(struct lines *, const struct trace_entry *, uint32_t, struct text *) =
		printing->settings->json ? line_print_json_rows : line_print_rows;
	uint32_t rows, most = choice_is_open(&printing->settings->choice) ? ROWS_MAX : 1;
	struct trace_entry entry;
	int rc = 0;

	while (!rc && !printing->failed) {
		rc = trace_next_rows(printing->trace, &entry, most, &rows);
		if (rc)
			break;
		if (most > 1 && entry.kind == TRACE_EVENT)
			rc = print_rows(&printing->lines, &entry, rows, &printing->output.text);
		else
			rc = print_entry(printing, &entry);
		if (!rc)
			rc = output_offer(&printing->output);
	}
	if (printing->failed)
		return printing->failed;
	return rc == TRACE_E_END ? output_flush(&printing->output) : rc;
}

static void flush_before_wait(void *context)
{
	struct printing *printing = context;
	int rc = output_flush(&printing->output);

	if (rc)
		printing->failed = rc;
}

static int say_failure(const char *what, int rc)
{
	if (rc == OUTPUT_E_CLOSED)
		return 0;
	trouble_say("ipctrace: %s: %s", what, strerror(-rc));
	return 2;
}

static int print_trace(struct printing *printing, const char *path)
{
	struct print_settings *settings = printing->settings;
	char trouble[256] = "";
	size_t threads;
	int rc;

	rc = choice_prepare(&settings->choice, trace_catalogue(printing->trace), trouble, sizeof(trouble));
	if (rc > 0) {
		trouble_say("ipctrace print: -e %s: %s", settings->choice.calls, trouble);
		return 2;
	}
	if (!rc && wants_names(printing))
		rc = identity_new(&printing->lines.identities, trace_catalogue(printing->trace));
	if (!rc)
		rc = symbols_new(&printing->lines.symbols);
	trace_threads(printing->trace, &threads);
	settings->style.threads = threads > 1 || settings->follow;
	printing->lines.style = settings->style;
	printing->lines.trace = printing->trace;
	lines_begin(&printing->lines);
	if (!rc)
		rc = print_entries(printing);
	lines_end(&printing->lines);
	symbols_free(printing->lines.symbols);
	identity_free(printing->lines.identities);
	if (rc)
		return say_failure(!printing->output.is_unwritable ? path
				   : settings->output		   ? settings->output
								   : "standard output",
				   rc);
	return missing_say(printing->trace, path, "printed", settings->quiet);
}

static int open_and_print(struct print_settings *settings, const char *path)
{
	struct printing printing = {.settings = settings, .output = {.fd = STDOUT_FILENO}};
	struct trace_opening opening = {.follow = settings->follow, .idle = flush_before_wait, .context = &printing};
	struct log_trouble trouble;
	int status = 2;

	printing.has_paths = settings->choice.paths_count != 0;
	if (trace_open(&printing.trace, path, &opening, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		return 2;
	}
	if (settings->output)
		printing.output.fd = output_create(settings->output, &path, 1);
	if (printing.output.fd < 0) {
		trouble_say("ipctrace: %s: %s", settings->output, output_trouble(printing.output.fd));
	} else {
		settings->style.color = !settings->json && output_color(settings->color, printing.output.fd) > 0;
		status = print_trace(&printing, path);
	}
	output_free(&printing.output);
	if (settings->output && printing.output.fd >= 0)
		close(printing.output.fd);
	trace_close(printing.trace);
	return status;
}

int command_print(int argc, char **argv)
{
	struct print_settings settings = {.style = {.string_limit = UINT32_MAX}};
	int index = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv, argc);
	int status = 2;

	if (index >= 0 && argc - index != 1)
		trouble_say("ipctrace print: expected one trace; see ipctrace print --help");
	else if (index >= 0)
		status = open_and_print(&settings, argv[index]);
	choice_free(&settings.choice);
	return status;
}
