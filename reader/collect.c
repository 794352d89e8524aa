// SPDX-License-Identifier: MIT
/*
 * `ipctrace collect`: the collector of programs that were started with a bare LD_PRELOAD. Not for people.
 *
 * The traced library starts it in a session of its own, with its settings in IPCTRACE_* variables, and waits for one
 * byte on the descriptor of --ready-fd: '1' when the live area is there. The collector ends by itself when no traced
 * process is left. It keeps nothing of the program's open.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "reader/command.h"
#include "format/trouble.h"
#include "reader/setting_option.h"
#include "trace/clock.h"
#include "trace/collector.h"

/* Nobody has come, or the last has gone, for so long: ns. */
#define FIRST_GRACE 5000000000ull
#define LAST_GRACE  50000000ull

struct collect_settings {
	struct trace_settings trace; /* first: the rows of the table set it */
	int ready_fd;
};

static int set_ready_fd(void *settings, const char *value)
{
	struct collect_settings *to = settings;
	char *end;
	long number = strtol(value, &end, 10);

	to->ready_fd = (int)number;
	return !*value || *end || number < 0 || number > INT_MAX;
}

static volatile sig_atomic_t stopped;

static void handle_stop(int number)
{
	stopped = number;
}

static void signals_prepare(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN}, stop = {.sa_handler = handle_stop};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGQUIT, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
	sigaction(SIGTERM, &stop, NULL);
}

/* The program's own, which would stay open as long as we live. */
static void descriptors_drop(int ready_fd)
{
	if (ready_fd > 3)
		close_range(3, (unsigned)ready_fd - 1, 0);
	close_range(ready_fd > 2 ? (unsigned)ready_fd + 1 : 3, ~0u, 0);
}

/* Whoever reads the program's output waits until the last writer is gone: that must not be us. */
static void output_drop(int ready_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		if (fd != ready_fd)
			dup2(null, fd);
	if (null > 2)
		close(null);
}

static void ready_say(int fd)
{
	if (fd < 0)
		return;
	while (write(fd, "1", 1) < 0 && errno == EINTR)
		;
	close(fd);
}

static int collect(struct collector *collector)
{
	uint64_t last = monotonic_now();
	int rc = 0;

	while (!rc && !stopped) {
		uint64_t grace = collector_images(collector) ? LAST_GRACE : FIRST_GRACE;
		rc = collector_step(collector);
		if (!collector_is_over(collector))
			last = monotonic_now();
		else if (monotonic_now() - last > grace)
			break;
	}
	return rc;
}

static int log_path(const char *output, char *path, size_t size)
{
	char folder[PATH_MAX];
	int length;

	if (output[0] != '/' && !getcwd(folder, sizeof(folder)))
		return -errno;
	length = snprintf(path, size, "%s%s%s", output[0] == '/' ? "" : folder, output[0] == '/' ? "" : "/", output);
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

static int settings_read(struct collect_settings *settings, int argc, char **argv)
{
	struct option_spec specs[SETTING_COUNT + 1] = {
		[SETTING_COUNT] = {0, "ready-fd", "FD", "where to say that the live area is there", set_ready_fd}};

	setting_options_fill(specs);
	if (settings_from_environment(&settings->trace))
		return -1;
	if (options_parse(specs, SETTING_COUNT + 1, settings, argc, argv) != argc)
		return -1;
	if (settings->trace.output)
		return 0;
	trouble_say("ipctrace collect: no log is named; set IPCTRACE_OUTPUT");
	return -1;
}

int command_collect(int argc, char **argv)
{
	struct collect_settings settings = {settings_default(), -1};
	struct rlimit files;
	struct collector *collector;
	char path[PATH_MAX];
	int rc;

	unsetenv("LD_PRELOAD");
	if (settings_read(&settings, argc, argv))
		return 2;
	descriptors_drop(settings.ready_fd);
	signals_prepare();
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	rc = log_path(settings.trace.output, path, sizeof(path));
	if (!rc)
		rc = collector_open(&collector, &settings.trace, path, &catalogue_builtin);
	if (rc == COLLECTOR_E_IN_USE) { /* started twice: the program joins those that are traced already */
		ready_say(settings.ready_fd);
		return 0;
	}
	if (rc) {
		trouble_say("ipctrace: cannot write '%s': %s; the program runs untraced", path, strerror(-rc));
		return 2;
	}
	output_drop(settings.ready_fd);
	/* what goes wrong from here on is told by the log's account, or by its absence */
	collector_open_log(collector, IPCTRACE_VERSION, NULL);
	ready_say(settings.ready_fd);
	rc = collect(collector);
	collector_close(collector, NULL);
	return rc ? 2 : 0;
}
