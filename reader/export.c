// SPDX-License-Identifier: MIT
/*
 * `ipctrace export`: a trace as a file for other tools. Opens both, chooses entries and hands them to a format.
 */
#include "reader/export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/trouble.h"
#include "reader/choice.h"
#include "reader/command.h"
#include "reader/line.h"
#include "reader/missing.h"
#include "reader/option.h"
#include "reader/progress.h"

/* Entries between two looks at the clock. */
#define PROGRESS_ENTRIES (1u << 16)

struct export_settings {
	struct choice choice; /* first: its options are set through it */
	const struct export_format *format;
	const char *output;
	bool quiet;
};

static const struct export_format *const formats[] = {&export_pcapng, &export_sqlite, &export_chrome};

#define FORMATS_COUNT (sizeof(formats) / sizeof(formats[0]))

/* ---- options ---------------------------------------------------------------------------------------------------- */

static int set_format(void *settings, const char *value)
{
	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		if (strcmp(formats[i]->name, value))
			continue;
		if (formats[i]->absent) {
			trouble_say("ipctrace export: %s: %s", value, formats[i]->absent);
			return -1;
		}
		((struct export_settings *)settings)->format = formats[i];
		return 0;
	}
	return 1;
}

static int set_output(void *settings, const char *value)
{
	((struct export_settings *)settings)->output = value;
	return 0;
}

static int set_quiet(void *settings, const char *value)
{
	((struct export_settings *)settings)->quiet = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "--format=FORMAT -o FILE [OPTION]... TRACE", "ipctrace export --format=pcapng -o web.pcapng web.ipct",
	 NULL},
	{0, "format", "FORMAT", "pcapng (Wireshark), sqlite or chrome (Perfetto)", set_format},
	{'o', "output", "FILE", "write to FILE; - is standard output", set_output},
	{'e', "calls", "EXPR", "only these calls: names and %families, ! for all but", choice_set_calls},
	{'p', "pid", "PID", "only this process or thread; may be given again", choice_set_pid},
	{'P', "path", "PATH", "only what concerns this path, or thing by name: 'pipe#0*'", choice_set_path},
	{'z', "successful", NULL, "only calls that succeeded", choice_set_successful},
	{'Z', "failed", NULL, "only calls that failed", choice_set_failed},
	{'q', "quiet", NULL, "do not say on stderr what is missing or damaged", set_quiet},
};

/* ---- entries ---------------------------------------------------------------------------------------------------- */

static int add_entries(struct exporting *exporting, const struct export_settings *settings, void *state,
		       struct progress *progress)
{
	const struct choice *choice = &settings->choice;
	struct trace_entry entry;
	uint64_t count = 0;
	int rc;

	while ((rc = trace_next(exporting->trace, &entry)) == 0) {
		rc = identity_feed(exporting->identities, &entry);
		if (rc)
			return rc;
		rc = settings->format->add(state, &entry,
					   entry.kind != TRACE_EVENT || choice_is_open(choice) ||
						   choice_wants(choice, entry.event, exporting->identities));
		if (rc)
			return rc;
		if (++count % PROGRESS_ENTRIES == 0)
			progress_add(progress, PROGRESS_ENTRIES);
	}
	return rc == TRACE_E_END ? settings->format->finish(state) : rc;
}

static int write_all(struct exporting *exporting, const struct export_settings *settings)
{
	struct progress progress;
	void *state = NULL;
	int rc = settings->format->begin(exporting, &state);

	if (rc)
		return rc;
	progress_begin(&progress, !settings->quiet);
	rc = add_entries(exporting, settings, state, &progress);
	progress_end(&progress);
	settings->format->free(state);
	return rc || settings->format->needs_file ? rc : output_flush(&exporting->output);
}

static int say_failure(const struct exporting *exporting, const char *path, int rc)
{
	bool is_output = exporting->output.is_unwritable;

	if (rc == OUTPUT_E_CLOSED)
		return 0;
	if (rc != EXPORT_E_SAID)
		trouble_say("ipctrace: %s: %s",
			    !is_output	      ? path
			    : exporting->path ? exporting->path
					      : "standard output",
			    strerror(-rc));
	return 2;
}

static int export_trace(struct exporting *exporting, struct export_settings *settings, const char *path)
{
	char trouble[256] = "";
	int rc = choice_prepare(&settings->choice, trace_catalogue(exporting->trace), trouble, sizeof(trouble));

	if (rc > 0) {
		trouble_say("ipctrace export: -e %s: %s", settings->choice.calls, trouble);
		return 2;
	}
	if (!rc)
		rc = identity_new(&exporting->identities, trace_catalogue(exporting->trace));
	if (!rc)
		rc = write_all(exporting, settings);
	identity_free(exporting->identities);
	if (rc)
		return say_failure(exporting, path, rc);
	return missing_say(exporting->trace, path, "exported", settings->quiet);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* What is wrong with a file that a format is going to make itself, or NULL. */
static const char *clear_way(const char *path, const char *input)
{
	struct stat there;

	if (!path)
		return "this format needs a file, which -o names";
	if (output_is_input(path, &input, 1))
		return output_trouble(-EINVAL);
	if (stat(path, &there))
		return NULL;
	if (!S_ISREG(there.st_mode))
		return "is not a file";
	return unlink(path) ? strerror(errno) : NULL;
}

/* A device or pipe is written to, but not taken away when that fails: then `*is_made` is false. 0, or 2 after one line.
 */
static int open_output(struct exporting *exporting, const struct export_settings *settings, const char *input,
		       bool *is_made)
{
	const char *path = exporting->path, *trouble = NULL;
	struct output *output = &exporting->output;
	struct stat there;

	*is_made = false;
	if (settings->format->needs_file)
		trouble = clear_way(path, input);
	else if (path)
		output->fd = output_create(path, &input, 1);
	else
		output->fd = STDOUT_FILENO;
	if (!trouble && path && !settings->format->needs_file && output->fd < 0)
		trouble = output_trouble(output->fd);
	if (!trouble && !path && isatty(STDOUT_FILENO))
		trouble = "a terminal cannot show this; -o names a file";
	if (trouble) {
		trouble_say("ipctrace export: %s: %s", path ? path : "standard output", trouble);
		return 2;
	}
	*is_made = path && (settings->format->needs_file || (!fstat(output->fd, &there) && S_ISREG(there.st_mode)));
	return 0;
}

static int open_and_export(struct export_settings *settings, const char *path)
{
	struct exporting exporting = {.path = strcmp(settings->output, "-") ? settings->output : NULL,
				      .output = {.fd = -1}};
	struct log_trouble trouble;
	bool is_made;
	int status;

	if (trace_open(&exporting.trace, path, NULL, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		return 2;
	}
	status = open_output(&exporting, settings, path, &is_made);
	if (!status)
		status = export_trace(&exporting, settings, path);
	if (status == 2 && is_made)
		unlink(exporting.path);
	output_free(&exporting.output);
	if (exporting.path && exporting.output.fd >= 0)
		close(exporting.output.fd);
	trace_close(exporting.trace);
	return status;
}

int command_export(int argc, char **argv)
{
	struct export_settings settings = {0};
	int index = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv, argc);
	int status = 2;

	if (index >= 0 && argc - index != 1)
		trouble_say("ipctrace export: expected one trace; see ipctrace export --help");
	else if (index >= 0 && !settings.format)
		trouble_say("ipctrace export: --format says which format; see ipctrace export --help");
	else if (index >= 0 && !settings.output)
		trouble_say("ipctrace export: -o names the file to write; see ipctrace export --help");
	else if (index >= 0)
		status = open_and_export(&settings, argv[index]);
	choice_free(&settings.choice);
	return status;
}
