// SPDX-License-Identifier: MIT
/*
 * `ipctrace ctl`: steers a trace that is running. What is asked is done by the trace's collector; nothing here touches
 * a switch.
 */
#include "format/filter.h"
#include "format/trouble.h"
#include "reader/amount.h"
#include "reader/command.h"
#include "reader/option.h"
#include "reader/output.h"
#include "reader/steering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATUS_USAGE 2

struct ctl_settings {
	bool json, no_wait;
};

static int set_json(void *settings, const char *value)
{
	((struct ctl_settings *)settings)->json = true;
	return 0;
}

static int set_no_wait(void *settings, const char *value)
{
	((struct ctl_settings *)settings)->no_wait = true;
	return 0;
}

/* Rows without a function are actions, of the names in control_names. */
static const struct option_spec options[] = {
	{0, NULL, "[OPTION]... TRACE|PID ACTION...",
	 "ipctrace ctl server.ipct select %socket start mark \"test 7 begins here\"", NULL},
	{0, "status", NULL, "what is recorded, and how much has been", NULL},
	{0, "stop", NULL, "suspend: nothing is recorded", NULL},
	{0, "start", NULL, "record again what is selected", NULL},
	{0, "select", "EXPR", "record these calls from now on, as with record -e", NULL},
	{0, "mark", "TEXT", "put a line into the trace", NULL},
	{0, "flush", NULL, "have all that has been recorded in the file", NULL},
	{'n', "no-wait", NULL, "do not wait until it is done", set_no_wait},
	{0, "json", NULL, "status as one JSON object", set_json},
};

/* ---- status --------------------------------------------------------------------------------------------------- */

static uint64_t realtime_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void print_label(struct text *out, const char *label)
{
	text_format(out, "%-16s", label);
}

static void print_state(const struct control_status *status, struct text *out)
{
	uint64_t now = realtime_now();

	print_label(out, "State");
	text_put(out, status->is_suspended ? "suspended since " : "recording since ");
	amount_moment(out, status->since, "%Y-%m-%d %H:%M:%S");
	text_put(out, ", for ");
	amount_time(out, now > status->since ? now - status->since : 0);
	text_char(out, '\n');
}

static void print_status(const struct control_box *answer, const char *path, struct text *out)
{
	const struct control_status *status = &answer->status;

	print_label(out, "Trace");
	text_format(out, "%s\n", path);
	print_state(status, out);
	print_label(out, "Selection");
	text_escape(out, (const uint8_t *)answer->text, strlen(answer->text));
	text_char(out, '\n');
	print_label(out, "Processes");
	text_format(out, "%lu, with %lu thread%s; %lu buffers\n", (unsigned long)status->processes,
		    (unsigned long)status->threads, status->threads == 1 ? "" : "s", (unsigned long)status->slots);
	print_label(out, "Calls");
	amount_count(out, status->made);
	text_put(out, " made, ");
	amount_count(out, status->written);
	text_put(out, " written, ");
	amount_count(out, status->lost);
	text_put(out, " lost\n");
	print_label(out, "Log");
	amount_bytes(out, status->log_bytes);
	text_char(out, '\n');
	print_label(out, "Fullest buffer");
	amount_bytes(out, status->fullest);
	text_put(out, " of ");
	amount_bytes(out, status->ring_size);
	text_char(out, '\n');
}

static void print_status_json(const struct control_box *answer, const char *path, struct text *out)
{
	const struct control_status *status = &answer->status;
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"since", status->since},      {"processes", status->processes}, {"threads", status->threads},
		{"buffers", status->slots},    {"made", status->made},		 {"written", status->written},
		{"lost", status->lost},	       {"bytes", status->log_bytes},	 {"fullest", status->fullest},
		{"buffer", status->ring_size},
	};

	text_put(out, "{\"trace\":");
	text_json_string(out, path);
	text_format(out, ",\"state\":\"%s\",\"calls\":", status->is_suspended ? "suspended" : "recording");
	text_json_string(out, answer->text);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		text_format(out, ",\"%s\":%lu", numbers[i].name, (unsigned long)numbers[i].value);
	text_put(out, "}\n");
}

static int tell(const struct ctl_settings *settings, const struct control_box *answer, const char *path)
{
	struct output output = {.fd = STDOUT_FILENO};
	int rc;

	(settings->json ? print_status_json : print_status)(answer, path, &output.text);
	rc = output_flush(&output);
	output_free(&output);
	if (rc < 0)
		trouble_say("ipctrace: standard output: %s", strerror(-rc));
	return rc < 0 ? STATUS_USAGE : 0;
}

/* ---- actions -------------------------------------------------------------------------------------------------- */

/* The row of an action, or NULL. */
static const struct option_spec *action_find(const char *word)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].name && !options[i].set && !strcmp(word, options[i].name))
			return &options[i];
	return NULL;
}

static enum control_action action_number(const struct option_spec *row)
{
	int action = 0;

	while (action < CONTROL_COUNT && strcmp(row->name, control_names[action]))
		action++;
	return action;
}

static int say_unknown(const char *word)
{
	const char *near = NULL;
	unsigned best = ~0u;

	for (int action = 0; action < CONTROL_COUNT; action++) {
		const char *candidate = control_names[action];
		unsigned distance = word_distance(word, candidate);
		if (action_find(candidate) && distance < best && word_is_near(word, candidate)) {
			best = distance;
			near = candidate;
		}
	}
	if (near)
		trouble_say("ipctrace ctl: unknown action '%s'; did you mean '%s'?", word, near);
	else
		trouble_say("ipctrace ctl: unknown action '%s'; see ipctrace ctl --help", word);
	return STATUS_USAGE;
}

static int argument_check(const struct option_spec *action, const char *argument)
{
	uint8_t enabled[LIVE_EVENTS_MAX];
	char trouble[160];

	if (!argument)
		trouble_say("ipctrace ctl: %s needs a value: %s %s", action->name, action->name, action->argument);
	else if (strlen(argument) >= CONTROL_TEXT_MAX)
		trouble_say("ipctrace ctl: %s: %s is longer than %d bytes", action->name, action->argument,
			    CONTROL_TEXT_MAX - 1);
	else if (action_number(action) == CONTROL_SELECT &&
		 filter_parse(argument, &catalogue_builtin, enabled, trouble, sizeof(trouble)))
		trouble_say("ipctrace ctl: select %s: %s", argument, trouble);
	else
		return 0;
	return STATUS_USAGE;
}

/* Nothing is asked for when a later word is wrong. */
static int words_check(char *const *words)
{
	if (!*words) {
		trouble_say("ipctrace ctl: expected a trace and an action; see ipctrace ctl --help");
		return STATUS_USAGE;
	}
	for (; *words; words++) {
		const struct option_spec *action = action_find(*words);
		int status;
		if (!action)
			return say_unknown(*words);
		if (!action->argument)
			continue;
		status = argument_check(action, words[1]);
		if (status)
			return status;
		words++;
	}
	return 0;
}

static int steer(const struct ctl_settings *settings, struct steering *steering, char *const *words,
		 struct log_trouble *trouble)
{
	struct control_box answer;
	int status = 0;

	for (; *words && !status; words++) {
		const struct option_spec *row = action_find(*words);
		enum control_action action = action_number(row);
		bool waits = !settings->no_wait || action == CONTROL_STATUS || action == CONTROL_FLUSH;
		const char *argument = row->argument ? *++words : NULL;
		if (steering_ask(steering, action, argument, waits ? &answer : NULL, trouble)) {
			trouble_say("ipctrace: %s", trouble->text);
			return STATUS_USAGE;
		}
		if (action == CONTROL_STATUS)
			status = tell(settings, &answer, steering->path);
	}
	return status;
}

int command_ctl(int argc, char **argv)
{
	struct ctl_settings settings = {0};
	int index = options_parse_mixed(options, sizeof(options) / sizeof(options[0]), &settings, argc, argv, 1);
	struct log_trouble trouble;
	struct steering steering;
	int status;

	if (index < 0)
		return STATUS_USAGE;
	status = words_check(index < argc ? argv + index + 1 : argv + index);
	if (status)
		return status;
	if (steering_open(&steering, argv[index], &trouble)) {
		trouble_say("ipctrace: %s", trouble.text);
		status = STATUS_USAGE;
	} else {
		status = steer(&settings, &steering, argv + index + 1, &trouble);
	}
	steering_close(&steering);
	return status;
}
