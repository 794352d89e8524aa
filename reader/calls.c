// SPDX-License-Identifier: MIT
/*
 * `ipctrace calls`: what is traced, from the catalogue of this build or of a log.
 */
#include "format/filter.h"
#include "format/foreign.h"
#include "format/log.h"
#include "format/trouble.h"
#include "reader/command.h"
#include "reader/option.h"
#include "reader/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct calls_settings {
	const char *log;
	bool json, prototypes;
};

static int set_log(void *settings, const char *value)
{
	((struct calls_settings *)settings)->log = value;
	return 0;
}

static int set_json(void *settings, const char *value)
{
	((struct calls_settings *)settings)->json = true;
	return 0;
}

static int set_prototypes(void *settings, const char *value)
{
	((struct calls_settings *)settings)->prototypes = true;
	return 0;
}

static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... [CALL|%FAMILY|NAME]...", "ipctrace calls %sysv 3CC socket.send", NULL},
	{'p', "prototypes", NULL, "their prototypes instead of the names other tools have for them", set_prototypes},
	{0, "log", "TRACE", "what was traced in this trace, instead of what would be", set_log},
	{0, "json", NULL, "one JSON object a line", set_json},
};

static void print_cell(struct text *text, const char *cell, int width)
{
	text_format(text, "%-*s ", width, cell ? cell : "-");
}

static void print_row(struct text *text, const struct call_spec *call)
{
	print_cell(text, call->name, 20);
	print_cell(text, call->family, 10);
	print_cell(text, call->aix, 16);
	print_cell(text, call->stap, 28);
	text_put(text, call->dtrace ? call->dtrace : "-");
	text_char(text, '\n');
}

static void print_member(struct text *text, const char *key, const char *value)
{
	text_format(text, ",\"%s\":", key);
	if (value)
		text_json_string(text, value);
	else
		text_put(text, "null");
}

static void print_json(struct text *text, const struct call_spec *call)
{
	text_put(text, "{\"call\":");
	text_json_string(text, call->name);
	print_member(text, "family", call->family);
	print_member(text, "prototype", call->prototype);
	print_member(text, "aix", call->aix);
	print_member(text, "stap", call->stap);
	print_member(text, "dtrace", call->dtrace);
	text_format(text, ",\"waits\":%s}\n", call->waits ? "true" : "false");
}

/* What the words mean that are other tracers' names of events; a call's own name goes before. */
static void print_foreign(struct text *text, const struct catalogue *catalogue, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		const struct foreign_name *foreign = foreign_find(words[i], strlen(words[i]));
		bool is_call = false;
		for (unsigned j = 0; j < catalogue->calls_count; j++)
			is_call |= !strcmp(words[i], catalogue->calls[j].name);
		if (foreign && !is_call)
			text_format(text, "%s (%s): %s\n", foreign->name, foreign->tracer, foreign->remark);
	}
}

static void print_calls(struct text *text, const struct catalogue *catalogue, const uint8_t *enabled,
			const struct calls_settings *settings)
{
	if (!settings->json && !settings->prototypes)
		text_format(text, "%-20s %-10s %-16s %-28s %s\n", "CALL", "FAMILY", "AIX", "SYSTEMTAP", "DTRACE");
	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		if (!enabled[i])
			continue;
		if (settings->json)
			print_json(text, call);
		else if (settings->prototypes)
			text_format(text, "%s\n", call->prototype);
		else
			print_row(text, call);
	}
}

/* "recv %sysv" to "recv,%sysv"; NULL when out of memory. */
static char *join_words(int count, char **words)
{
	struct text text = {0};

	if (!count)
		return strdup("all");
	for (int i = 0; i < count; i++) {
		if (i)
			text_char(&text, ',');
		text_put(&text, words[i]);
	}
	text_string(&text);
	return text.bytes;
}

static int list_calls(const struct catalogue *catalogue, const struct calls_settings *settings, int count, char **words)
{
	struct output output = {.fd = STDOUT_FILENO};
	uint8_t *enabled = calloc(catalogue->calls_count + 1, 1);
	char *expression = join_words(count, words);
	char trouble[256];
	int rc = enabled && expression ? 0 : -ENOMEM;

	if (!rc)
		rc = filter_parse(expression, catalogue, enabled, trouble, sizeof(trouble));
	if (!rc) {
		print_calls(&output.text, catalogue, enabled, settings);
		if (!settings->json)
			print_foreign(&output.text, catalogue, count, words);
		rc = output_flush(&output);
		rc = rc == OUTPUT_E_CLOSED ? 0 : rc;
	}
	if (rc)
		trouble_say("ipctrace calls: %s", rc > 0 ? trouble : strerror(-rc));
	free(enabled);
	free(expression);
	output_free(&output);
	return rc ? 2 : 0;
}

int command_calls(int argc, char **argv)
{
	struct calls_settings settings = {0};
	int index = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv, argc);
	struct log_trouble trouble;
	struct log *log = NULL;
	int status;

	if (index < 0)
		return 2;
	if (settings.log && log_open(settings.log, &log, &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		return 2;
	}
	status = list_calls(log ? log_catalogue(log) : &catalogue_builtin, &settings, argc - index, argv + index);
	log_close(log);
	return status;
}
