// SPDX-License-Identifier: MIT
/*
 * `ipctrace record`: runs a command traced, collects what it and all that it starts do, and ends as the command ended.
 *
 * Nothing is written to standard output. When the trace cannot be written the command runs all the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reader/command.h"
#include "format/trouble.h"
#include "reader/launch.h"
#include "reader/library.h"
#include "reader/setting_option.h"
#include "trace/clock.h"
#include "trace/collector.h"
#include "trace/drain.h"
#include "trace/log_file.h"

#define STATUS_USAGE 2
/* As shells have it. */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND      127

/* The command is gone and others still run: said after so long, when somebody watches. */
#define WAIT_SAID_AFTER 1000000000ull

struct record_settings {
	struct trace_settings trace; /* first: the rows of the table set it */
	bool quiet;
};

struct recording {
	const struct record_settings *settings;
	char **command;
	struct launch launch;
	struct collector *collector;
	char path[PATH_MAX];
	int status; /* of wait */
	bool is_over;
};

/* What the signal handlers see. */
static struct collector *volatile signalled_collector;
static volatile pid_t signalled_command;
static volatile sig_atomic_t interrupts, stops;

static int set_quiet(void *settings, const char *value)
{
	((struct record_settings *)settings)->quiet = true;
	return 0;
}

static int set_follow(void *settings, const char *value)
{
	return 0;
}

static void handle_child(int number)
{
	struct collector *collector = signalled_collector;

	if (collector)
		collector_interrupt(collector);
}

/* The terminal gives the signal to the command as well; a second one is meant for us. */
static void handle_interrupt(int number)
{
	interrupts++;
	handle_child(number);
}

/* Sent to us, but meant for the command; when that is gone, for us. */
static void handle_stop(int number, siginfo_t *info, void *context)
{
	if (signalled_command && info->si_code <= 0)
		kill(signalled_command, number);
	else if (!signalled_command)
		stops++;
	handle_child(number);
}

static void signals_prepare(void)
{
	const struct sigaction child = {.sa_handler = handle_child, .sa_flags = SA_NOCLDSTOP},
			       interrupt = {.sa_handler = handle_interrupt},
			       stop = {.sa_sigaction = handle_stop, .sa_flags = SA_SIGINFO},
			       ignore = {.sa_handler = SIG_IGN};
	sigset_t none;

	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGQUIT, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Absolute, because programs that have changed their folder are told of it too. */
static int path_choose(struct recording *recording)
{
	const char *output = recording->settings->trace.output, *name = strrchr(recording->command[0], '/');
	char folder[PATH_MAX] = "";
	int length;

	/* what the user reads when the folder is gone */
	snprintf(recording->path, sizeof(recording->path), "%s", output ? output : ".");
	if ((!output || output[0] != '/') && !getcwd(folder, sizeof(folder)))
		return -errno;
	if (output)
		length = snprintf(recording->path, sizeof(recording->path), "%s%s%s", folder, *folder ? "/" : "",
				  output);
	else
		length = snprintf(recording->path, sizeof(recording->path), "%s/%s.%d.ipct", folder,
				  name ? name + 1 : recording->command[0], (int)recording->launch.pid);
	/* A name that nobody chose steers no terminal. */
	for (char *at = recording->path + strlen(folder); !output && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '_';
	return length + sizeof(".live") <= sizeof(recording->path) ? 0 : -ENAMETOOLONG;
}

static int say_not_run(const char *command, int error)
{
	trouble_say("ipctrace: cannot run '%s': %s", command, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* As the user named it. */
static const char *path_shown(const struct recording *recording)
{
	const char *slash = strrchr(recording->path, '/');

	return recording->settings->trace.output ? recording->settings->trace.output
	       : slash				 ? slash + 1
						 : recording->path;
}

/* Opens the collector; without one the command runs untraced. */
static void collector_begin(struct recording *recording)
{
	int rc = path_choose(recording);

	if (!rc)
		rc = collector_open(&recording->collector, &recording->settings->trace, recording->path,
				    &catalogue_builtin);
	if (!rc)
		rc = collector_watch(recording->collector, (uint32_t)recording->launch.pid);
	if (rc == COLLECTOR_E_IN_USE)
		trouble_say("ipctrace: '%s' is being recorded into already; the command runs untraced",
			    path_shown(recording));
	else if (rc)
		trouble_say("ipctrace: cannot write '%s': %s; the command runs untraced", path_shown(recording),
			    log_file_trouble(rc));
	if (rc && recording->collector) {
		collector_close(recording->collector, NULL);
		recording->collector = NULL;
	}
}

/* Whether the command has ended; its status is kept. */
static bool command_is_over(struct recording *recording)
{
	pid_t pid;

	if (recording->is_over)
		return true;
	pid = waitpid(recording->launch.pid, &recording->status, WNOHANG);
	if (pid != recording->launch.pid && !(pid < 0 && errno == ECHILD))
		return false;
	signalled_command = 0;
	recording->is_over = true;
	if (pid > 0)
		collector_command_ended(recording->collector, recording->status);
	return true;
}

static void say_waiting(const struct recording *recording)
{
	size_t alive = collector_alive(recording->collector);

	if (!recording->settings->quiet && isatty(STDERR_FILENO))
		trouble_say("ipctrace: waiting for %zu %s still running; Ctrl-C ends the trace", alive,
			    alive == 1 ? "process" : "processes");
}

/* Until everything traced is gone, or the user has had enough. */
static void collect(struct recording *recording)
{
	uint64_t over_at = 0;
	bool said = false;

	for (;;) {
		int interrupts_left = recording->is_over ? 1 : 2;
		if (collector_step(recording->collector) || stops || interrupts >= interrupts_left)
			return;
		if (!command_is_over(recording))
			continue;
		if (!over_at) {
			over_at = monotonic_now();
			interrupts = 0;
			collector_hurry(recording->collector);
		}
		if (collector_is_over(recording->collector))
			return;
		if (!said && monotonic_now() - over_at > WAIT_SAID_AFTER) {
			say_waiting(recording);
			said = true;
		}
	}
}

/* "12,345" */
static const char *text_of_count(uint64_t count, char *text, size_t size)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t at = 0;

	for (int i = 0; i < length && at + 2 < size; i++) {
		if (i && (length - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

static const char *text_of_bytes(uint64_t bytes, char *text, size_t size)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	unsigned unit = 0;

	for (; value >= 1024 && unit < 4; unit++)
		value /= 1024;
	snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

static void say_trouble(const struct recording *recording, const struct collector_summary *summary)
{
	char lost[32];

	text_of_count(summary->account.lost_write, lost, sizeof(lost));
	if (summary->trouble == DRAIN_E_SIZE)
		trouble_say("ipctrace: '%s' has reached its size limit; %s events after that are lost",
			    path_shown(recording), lost);
	else if (summary->trouble)
		trouble_say("ipctrace: cannot write '%s': %s; %s events are lost", path_shown(recording),
			    strerror(-summary->trouble), lost);
}

static void say_summary(const struct recording *recording, const struct collector_summary *summary)
{
	const struct object_end *end = &summary->account;
	char events[32], processes[32], threads[32], lost[32], bytes[32];

	trouble_say("ipctrace: %s event%s, %s process%s, %s thread%s, %s, %s lost -> %s",
		    text_of_count(end->events, events, sizeof(events)), end->events == 1 ? "" : "s",
		    text_of_count(end->processes, processes, sizeof(processes)), end->processes == 1 ? "" : "es",
		    text_of_count(end->threads, threads, sizeof(threads)), end->threads == 1 ? "" : "s",
		    text_of_bytes(summary->bytes, bytes, sizeof(bytes)),
		    text_of_count(summary->lost, lost, sizeof(lost)), path_shown(recording));
}

/* A shell says it of some signals and is silent about others, SIGPIPE among them. */
static void say_signal(const struct recording *recording)
{
	const char *name = WIFSIGNALED(recording->status) ? sigabbrev_np(WTERMSIG(recording->status)) : NULL;

	if (recording->is_over && name)
		trouble_say("ipctrace: the command was killed by SIG%s (%s)", name,
			    sigdescr_np(WTERMSIG(recording->status)));
}

/* Ends as the command did: with its status, or by the same signal, but without a core of ours. */
static int status_pass(int status)
{
	const struct rlimit none = {0, 0};
	const struct sigaction normal = {.sa_handler = SIG_DFL};

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (!WIFSIGNALED(status))
		return STATUS_USAGE;
	fflush(NULL);
	setrlimit(RLIMIT_CORE, &none);
	sigaction(WTERMSIG(status), &normal, NULL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

static int record_untraced(struct recording *recording)
{
	int error = launch_run(&recording->launch, NULL, NULL);

	if (error)
		return say_not_run(recording->command[0], error);
	while (waitpid(recording->launch.pid, &recording->status, 0) < 0 && errno == EINTR)
		;
	return status_pass(recording->status);
}

static int record_traced(struct recording *recording, const char *library)
{
	struct collector_summary summary;
	int error = launch_run(&recording->launch, collector_live_path(recording->collector), library);
	bool seen;

	if (error) {
		collector_close(recording->collector, NULL);
		return say_not_run(recording->command[0], error);
	}
	signalled_collector = recording->collector;
	collector_open_log(recording->collector, IPCTRACE_VERSION, recording->command);
	collect(recording);
	seen = collector_has_seen(recording->collector, (uint32_t)recording->launch.pid);
	signalled_collector = NULL;
	collector_close(recording->collector, &summary);
	if (!seen)
		trouble_say("ipctrace: '%s' itself could not be traced: is it static, set-user-ID or of another "
			    "architecture? (ipctrace doctor %s)",
			    recording->command[0], recording->command[0]);
	say_trouble(recording, &summary);
	if (!recording->settings->quiet) {
		say_signal(recording);
		say_summary(recording, &summary);
	}
	/* the user ended the trace of a command that goes on */
	return status_pass(recording->is_over ? recording->status : SIGINT);
}

static int parse(struct record_settings *settings, int argc, char **argv)
{
	enum { SPEC_QUIET = SETTING_COUNT, SPEC_FOLLOW, SPEC_USAGE, SPEC_COUNT };
	struct option_spec specs[SPEC_COUNT] = {
		[SPEC_QUIET] = {'q', "quiet", NULL, "no summary at the end", set_quiet},
		[SPEC_FOLLOW] = {'f', "follow", NULL, "also what the command starts: always the case", set_follow},
		[SPEC_USAGE] = {.argument = "[OPTION]... [--] COMMAND [ARGUMENT]...",
				.help = "ipctrace record -o echo.ipct -e %socket -- ./echo-server 7777"}};

	setting_options_fill(specs);
	return options_parse(specs, SPEC_COUNT, settings, argc, argv);
}

int command_record(int argc, char **argv)
{
	struct record_settings settings = {settings_default(), false};
	struct recording recording = {.settings = &settings};
	char library[PATH_MAX];
	int index = parse(&settings, argc, argv), rc;

	if (index < 0)
		return STATUS_USAGE;
	if (index >= argc) {
		trouble_say("ipctrace record: no command is given; see ipctrace record --help");
		return STATUS_USAGE;
	}
	if (settings.trace.output && !strcmp(settings.trace.output, "-")) {
		trouble_say("ipctrace record: -o -: standard output is the command's; a trace needs a file");
		return STATUS_USAGE;
	}
	recording.command = argv + index;
	if (library_find(library, sizeof(library)))
		return STATUS_USAGE;
	rc = launch_prepare(&recording.launch, recording.command);
	if (rc) {
		trouble_say("ipctrace: cannot start a process: %s", strerror(-rc));
		return STATUS_USAGE;
	}
	signalled_command = recording.launch.pid;
	signals_prepare();
	launch_files_allow();
	collector_begin(&recording);
	return recording.collector ? record_traced(&recording, library) : record_untraced(&recording);
}
