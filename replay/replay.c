// SPDX-License-Identifier: MIT
/*
 * `ipctrace replay`: reads the options and chooses the way of replaying. What the ways do is in the files of their
 * names.
 */
#include "replay/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/trouble.h"
#include "reader/option.h"
#include "reader/output.h"
#include "replay/pace.h"

/* By enum replay_way. */
static int (*const ways[])(struct replay_options *options) = {
	[REPLAY_AGAIN] = replay_again,
	[REPLAY_WATCH] = replay_watch,
	[REPLAY_PEER] = replay_peer,
};

/* ---- options -------------------------------------------------------------------------------------------------- */

static int set_watch(void *settings, const char *value)
{
	((struct replay_options *)settings)->way = REPLAY_WATCH;
	return 0;
}

static int set_peer(void *settings, const char *value)
{
	struct replay_options *options = settings;

	options->way = REPLAY_PEER;
	options->peer_is_clients = value != NULL;
	return value && strcmp(value, "clients");
}

static int set_lenient(void *settings, const char *value)
{
	((struct replay_options *)settings)->is_lenient = true;
	return 0;
}

static int set_passthrough(void *settings, const char *value)
{
	((struct replay_options *)settings)->may_pass = true;
	return 0;
}

static int set_patience(void *settings, const char *value)
{
	return pace_parse_time(value, &((struct replay_options *)settings)->patience);
}

static int set_mask(void *settings, const char *value)
{
	struct replay_options *options = settings;
	const char **masks = reallocarray(options->masks, options->masks_count + 1, sizeof(*masks));

	if (!masks)
		return 1;
	options->masks = masks;
	masks[options->masks_count++] = value;
	return 0;
}

static int set_output(void *settings, const char *value)
{
	((struct replay_options *)settings)->output = value;
	return 0;
}

static int set_speed(void *settings, const char *value)
{
	return pace_parse_speed(value, &((struct replay_options *)settings)->speed);
}

/* Gaps as they were; or times as they were, or so many times as fast. */
static int set_pace(void *settings, const char *value)
{
	struct replay_options *options = settings;

	options->keeps_think = !strcmp(value, "think");
	options->speed = 1;
	if (options->keeps_think || !strcmp(value, "original"))
		return 0;
	return pace_parse_speed(value, &options->speed);
}

static int set_shared(void *settings, const char *value)
{
	((struct replay_options *)settings)->is_shared = true;
	return 0;
}

static int set_dry(void *settings, const char *value)
{
	((struct replay_options *)settings)->is_dry = true;
	return 0;
}

static int set_verify(void *settings, const char *value)
{
	((struct replay_options *)settings)->verifies = true;
	return 0;
}

static int set_json(void *settings, const char *value)
{
	((struct replay_options *)settings)->json = true;
	return 0;
}

static int set_max_gap(void *settings, const char *value)
{
	return pace_parse_time(value, &((struct replay_options *)settings)->max_gap);
}

static int set_quiet(void *settings, const char *value)
{
	((struct replay_options *)settings)->quiet = true;
	return 0;
}

static int set_calls(void *settings, const char *value)
{
	return choice_set_calls(&((struct replay_options *)settings)->choice, value);
}

static int set_pid(void *settings, const char *value)
{
	return choice_set_pid(&((struct replay_options *)settings)->choice, value);
}

static int set_time(void *settings, const char *value)
{
	struct replay_options *options = settings;

	options->style.time += options->style.time < 3;
	return 0;
}

static int set_names(void *settings, const char *value)
{
	struct replay_options *options = settings;

	options->style.names += options->style.names < 2;
	return 0;
}

static int set_durations(void *settings, const char *value)
{
	((struct replay_options *)settings)->style.durations = true;
	return 0;
}

static int set_color(void *settings, const char *value)
{
	((struct replay_options *)settings)->color = value;
	return output_color(value, STDOUT_FILENO) < 0;
}

static const struct option_spec specs[] = {
	{0, NULL, "[OPTION]... TRACE", "ipctrace replay --pace=max server.ipct", NULL},
	{0, NULL, "--print [OPTION]... TRACE", "ipctrace replay --print -y --speed 4 server.ipct", NULL},
	{0, NULL, "--peer [OPTION]... TRACE [--] PROGRAM [ARGUMENT]...",
	 "ipctrace replay --peer client.ipct -- redis-cli get city", NULL},
	{0, NULL, "--peer=clients [OPTION]... TRACE [[--] SERVER [ARGUMENT]...]",
	 "ipctrace replay --peer=clients client.ipct -- redis-server", NULL},
	{0, "pace", "HOW", "think (gaps kept), original (times kept), 2, 0.5, max", set_pace},
	{0, "verify", NULL, "record the replay and let ipctrace diff judge it", set_verify},
	{0, "dry-run", NULL, "say what running it again would touch", set_dry},
	{0, "shared", NULL, "run it again in the namespaces that we are in", set_shared},
	{0, "json", NULL, "the summary of running it again as JSON", set_json},
	{0, "peer", "[clients]", "run a program against its recorded peers (or clients)", set_peer},
	{0, "mask", "REGEX", "--peer: what may differ in what is sent; again for more", set_mask},
	{0, "lenient", NULL, "--peer: go on when something else is sent", set_lenient},
	{0, "passthrough", NULL, "--peer: let new connections reach the real peer", set_passthrough},
	{0, "timeout", "TIME", "give up when nothing happens for so long (30s)", set_patience},
	{'o', "output", "FILE", "record the run, or what is made again, into FILE", set_output},
	{0, "print", NULL, "print the calls at the pace they had", set_watch},
	{0, "speed", "TIMES", "of the recorded pace: 1, 4, 0.5, max", set_speed},
	{0, "max-gap", "TIME", "no pause longer than 2s, 100ms, ...", set_max_gap},
	{'e', "calls", "EXPR", "--print: only these calls, as in ipctrace print", set_calls},
	{'p', "pid", "PID", "--print: only this process or thread; --peer: the program", set_pid},
	{'t', NULL, NULL, "--print: time of day; -tt and -ttt as in ipctrace print", set_time},
	{'T', "duration", NULL, "--print: time spent in the call", set_durations},
	{'y', "names", NULL, "--print: what descriptors are; -yy also ids and pids", set_names},
	{0, "color", "WHEN", "auto, always or never", set_color},
	{'q', "quiet", NULL, "no summary at the end", set_quiet},
};

/* What is named behind the options. False after one line. */
static bool words_take(struct replay_options *options, int argc, char **argv, int index)
{
	bool has_command;

	if (index >= argc) {
		trouble_say("ipctrace replay: a trace is expected; see ipctrace replay --help");
		return false;
	}
	options->trace = argv[index++];
	index += index < argc && !strcmp(argv[index], "--");
	has_command = index < argc;
	if (has_command)
		options->command = argv + index;
	if (options->way != REPLAY_PEER && has_command)
		trouble_say("ipctrace replay: expected one trace; see ipctrace replay --help");
	else if (options->way == REPLAY_PEER && !options->peer_is_clients && !has_command)
		trouble_say("ipctrace replay: --peer: a program is expected behind the trace");
	else
		return true;
	return false;
}

/*
 * Whether the file can be written that a run is to be recorded into, before anything is run: `record` lets a command
 * run that it cannot write about, but a replay that was to be recorded is wanted for its record. False after one line.
 */
static bool output_is_writable(const struct replay_options *options)
{
	const char *path = options->output;
	struct stat file;
	bool is_there;
	int fd, error = 0;

	if (!path || options->is_dry)
		return true;
	if (output_is_input(path, &options->trace, 1)) {
		trouble_say("ipctrace replay: -o %s: %s", path, output_trouble(-EINVAL));
		return false;
	}
	is_there = !access(path, F_OK);
	fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
	if (fd < 0 || fstat(fd, &file))
		error = errno;
	else if (!S_ISREG(file.st_mode))
		error = ENOTSUP;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !is_there)
		unlink(path);
	if (error)
		trouble_say("ipctrace replay: cannot write '%s': %s", path, strerror(error));
	return !error;
}

int command_replay(int argc, char **argv)
{
	struct replay_options options = {.speed = 1,
					 .max_gap = UINT64_MAX,
					 .patience = 30000000000,
					 .style = {.string_limit = UINT32_MAX},
					 .keeps_think = true,
					 .way = REPLAY_AGAIN};
	int index = options_parse_mixed(specs, sizeof(specs) / sizeof(specs[0]), &options, argc, argv, 1);
	int status = REPLAY_TROUBLE;

	if (index >= 0 && words_take(&options, argc, argv, index) && output_is_writable(&options))
		status = ways[options.way](&options);
	choice_free(&options.choice);
	free(options.masks);
	return status;
}
