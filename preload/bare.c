// SPDX-License-Identifier: MIT
/* See bare.h. Runs in the constructor: raw system calls only. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "preload/bare.h"
#include "preload/image.h"
#include "trace/raw.h"

#define PATH_SIZE 4096

static size_t text_join(char *to, size_t size, const char *const parts[], unsigned count)
{
	size_t length = 0;

	for (unsigned i = 0; i < count; i++)
		for (const char *from = parts[i]; *from && length + 1 < size; from++)
			to[length++] = *from;
	to[length] = 0;
	return length;
}

/* The recorder: named by the environment, beside us in a build tree, or where it was installed. */
static void collector_find(char **envp, char *path)
{
	const char *named = image_variable(envp, "IPCTRACE_COLLECTOR");
	const char *library = image.library ? image.library : "";
	char folder[PATH_SIZE];
	size_t end = 0;

	if (named) {
		text_join(path, PATH_SIZE, (const char *const[]){named}, 1);
		return;
	}
	text_join(folder, sizeof(folder), (const char *const[]){library}, 1);
	for (size_t i = 0; folder[i]; i++)
		if (folder[i] == '/')
			end = i + 1;
	folder[end] = 0;
	text_join(path, PATH_SIZE, (const char *const[]){folder, "../ipctrace"}, 2);
	if (raw_syscall(SYS_access, path, 1 /* X_OK */) == 0)
		return;
	text_join(path, PATH_SIZE, (const char *const[]){IPCTRACE_BINDIR "/ipctrace"}, 1);
}

/* The environment without LD_PRELOAD: the recorder is not to be traced. */
static char **environment_plain(char **envp, char **plain)
{
	size_t count = 0;

	for (; *envp; envp++) {
		char *one[2] = {*envp, NULL};
		if (!image_variable(one, "LD_PRELOAD"))
			plain[count++] = *envp;
	}
	plain[count] = NULL;
	return plain;
}

static void descriptor_text(int fd, char *text)
{
	unsigned digits = 1;

	for (int rest = fd; rest >= 10; rest /= 10)
		digits++;
	text[digits] = 0;
	for (; digits; fd /= 10)
		text[--digits] = (char)('0' + fd % 10);
}

/* In the intermediate process: a session of its own, then the recorder. Never returns. */
static void collector_run(const char *path, char **environment, int ready)
{
	char number[16];
	char *const argv[] = {"ipctrace", "collect", "--ready-fd", number, NULL};

	raw_syscall(SYS_setsid);
	if (raw_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
		descriptor_text(ready, number);
		raw_syscall(SYS_fcntl, ready, F_SETFD, 0);
		raw_syscall(SYS_execve, path, argv, environment);
	}
	raw_syscall(SYS_exit_group, 0);
	__builtin_unreachable();
}

static void live_path(const char *output, char *live, size_t size)
{
	char folder[PATH_SIZE];

	if (output[0] == '/') {
		text_join(live, size, (const char *const[]){output, ".live"}, 2);
	} else if (raw_syscall(SYS_getcwd, folder, sizeof(folder)) > 0) {
		text_join(live, size, (const char *const[]){folder, "/", output, ".live"}, 4);
	} else {
		live[0] = 0;
	}
}

bool bare_start(char **envp, char *live, size_t size)
{
	const char *output = image_variable(envp, "IPCTRACE_OUTPUT");
	char path[PATH_SIZE], ready = 0;
	int ends[2];
	size_t count = 0;

	if (!output || !output[0])
		return false;
	while (envp[count])
		count++;
	char **plain = environment_plain(envp, __builtin_alloca((count + 1) * sizeof(char *)));
	collector_find(envp, path);
	live_path(output, live, size);
	if (raw_syscall(SYS_pipe2, ends, O_CLOEXEC) != 0)
		return false;
	long child = raw_syscall(SYS_clone, 0 /* no SIGCHLD for the program */, 0, 0, 0, 0);
	if (child == 0)
		collector_run(path, plain, ends[1]);
	raw_syscall(SYS_close, ends[1]);
	if (child > 0) {
		raw_syscall(SYS_wait4, child, NULL, __WALL, NULL);
		raw_syscall(SYS_read, ends[0], &ready, 1);
	}
	raw_syscall(SYS_close, ends[0]);
	return ready != 0;
}
