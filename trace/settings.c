// SPDX-License-Identifier: MIT
/*
 * See settings.h.
 */
#include "trace/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/filter.h"
#include "format/live_read.h"
#include "format/number.h"
#include "format/trouble.h"

static int set_output(void *settings, const char *value)
{
	struct trace_settings *to = settings;

	to->texts[SETTING_OUTPUT] = to->output = value;
	return !*value;
}

static int set_filter(void *settings, const char *value)
{
	struct trace_settings *to = settings;
	uint8_t enabled[LIVE_EVENTS_MAX];
	char trouble[160];

	if (filter_parse(value, &catalogue_builtin, enabled, trouble, sizeof(trouble))) {
		trouble_say("ipctrace: filter '%s': %s", value, trouble);
		return -1;
	}
	to->texts[SETTING_FILTER] = to->filter = value;
	return 0;
}

static int set_payload(void *settings, const char *value)
{
	struct trace_settings *to = settings;
	uint64_t number;
	int rc = number_parse(value, 0, PAYLOAD_MAX, &number);

	if (rc)
		return rc;
	to->texts[SETTING_PAYLOAD] = value;
	to->payload_limit = (uint32_t)number;
	/* a record may have more than one payload, and fits a ring only when it is no more than half of it */
	while (to->ring_size < LIVE_RING_MAX && to->ring_size < 4 * to->payload_limit)
		to->ring_size *= 2;
	return 0;
}

static int set_stacks(void *settings, const char *value)
{
	struct trace_settings *to = settings;
	uint64_t number = STACK_DEFAULT;
	int rc = value ? number_parse(value, 0, STACK_MAX, &number) : 0;

	if (rc)
		return rc;
	to->texts[SETTING_STACKS] = value ? value : "16";
	to->stack_depth = (uint32_t)number;
	return 0;
}

static int set_size(void *settings, const char *value)
{
	struct trace_settings *to = settings;

	to->texts[SETTING_SIZE] = value;
	return number_parse(value, SIZE_LIMIT_MIN, UINT64_MAX / 2, &to->size_limit);
}

static int set_buffer(void *settings, const char *value)
{
	struct trace_settings *to = settings;
	uint64_t number;
	int rc = number_parse(value, LIVE_RING_MIN, LIVE_RING_MAX, &number);

	if (rc)
		return rc;
	to->texts[SETTING_BUFFER] = value;
	to->ring_size = LIVE_RING_MIN;
	while (to->ring_size < number || (to->ring_size < LIVE_RING_MAX && to->ring_size < 4 * to->payload_limit))
		to->ring_size *= 2;
	return 0;
}

static int set_on_full(void *settings, const char *value)
{
	static const char *const names[] = {[FULL_WAIT] = "wait", [FULL_DROP] = "drop", [FULL_OVERWRITE] = "overwrite"};
	struct trace_settings *to = settings;

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(value, names[i])) {
			to->texts[SETTING_ON_FULL] = value;
			to->full_policy = i;
			return 0;
		}
	return 1;
}

static int set_redact(void *settings, const char *value)
{
	static const char *const names[] = {
		[REDACT_NOTHING] = "none", [REDACT_HASH] = "prefix", [REDACT_BYTES] = "hash", [REDACT_BOTH] = "length"};
	struct trace_settings *to = settings;

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(value, names[i])) {
			to->texts[SETTING_REDACT] = value;
			to->redaction = i;
			return 0;
		}
	return 1;
}

/* "1", "0", or nothing, which means yes. */
static int parse_switch(struct trace_settings *settings, enum setting setting, const char *value, bool *yes)
{
	*yes = !value || !strcmp(value, "1");
	if (!*yes && strcmp(value, "0"))
		return 1;
	settings->texts[setting] = *yes ? "1" : NULL;
	return 0;
}

static int set_semval(void *settings, const char *value)
{
	struct trace_settings *to = settings;
	bool yes;

	if (parse_switch(to, SETTING_SEMVAL, value, &yes))
		return 1;
	to->ask_semval = yes;
	return 0;
}

static int set_suspended(void *settings, const char *value)
{
	struct trace_settings *to = settings;

	return parse_switch(to, SETTING_SUSPENDED, value, &to->is_suspended);
}

static int set_shallow(void *settings, const char *value)
{
	struct trace_settings *to = settings;

	return parse_switch(to, SETTING_SHALLOW, value, &to->is_shallow);
}

const struct setting_spec setting_specs[SETTING_COUNT] = {
	[SETTING_OUTPUT] = {'o', "output", "IPCTRACE_OUTPUT", "FILE", "write the log to FILE (COMMAND.PID.ipct)",
			    set_output},
	[SETTING_FILTER] = {'e', "trace", "IPCTRACE_FILTER", "EXPR",
			    "calls to trace: recv,%sysv or !recv; all by default", set_filter},
	[SETTING_PAYLOAD] = {'s', "payload", "IPCTRACE_PAYLOAD", "BYTES", "keep so much of each payload (64), up to 1M",
			     set_payload},
	[SETTING_STACKS] = {'k', "stacks", "IPCTRACE_STACKS", "[DEPTH]",
			    "record call stacks, of 16 frames or DEPTH (up to 128)", set_stacks},
	[SETTING_SIZE] = {0, "size", "IPCTRACE_SIZE", "BYTES", "stop writing when the log is so large (64K at least)",
			  set_size},
	[SETTING_BUFFER] = {0, "buffer", "IPCTRACE_BUFFER", "BYTES", "ring of each thread (512K), 64K to 4M",
			    set_buffer},
	[SETTING_ON_FULL] = {0, "on-full", "IPCTRACE_ON_FULL", "wait|drop|overwrite",
			     "when a ring is full: wait (default), drop or overwrite", set_on_full},
	[SETTING_REDACT] = {0, "redact", "IPCTRACE_REDACT", "none|prefix|hash|length",
			    "what of payloads may leave the program: all (none), or only that", set_redact},
	[SETTING_SEMVAL] = {0, "semval", "IPCTRACE_SEMVAL", "[0|1]",
			    "ask for semaphore values after each semop: a call more each", set_semval},
	[SETTING_SUSPENDED] = {0, "suspended", "IPCTRACE_SUSPENDED", "[0|1]",
			       "record nothing before 'ipctrace ctl FILE start'", set_suspended},
	[SETTING_SHALLOW] = {0, "shallow", "IPCTRACE_SHALLOW", "[0|1]",
			     "load libraries without RTLD_DEEPBIND, which hides what they call", set_shallow},
};

struct trace_settings settings_default(void)
{
	return (struct trace_settings){
		.filter = "all", .payload_limit = PAYLOAD_DEFAULT, .ring_size = RING_DEFAULT, .full_policy = FULL_WAIT};
}

int settings_from_environment(struct trace_settings *settings)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_spec *spec = &setting_specs[i];
		const char *value = getenv(spec->variable);
		int rc = value && *value ? spec->set(settings, value) : 0;
		if (rc > 0)
			trouble_say("ipctrace: %s: invalid value '%s': expected %s", spec->variable, value,
				    spec->argument);
		if (rc)
			return -EINVAL;
	}
	return 0;
}
