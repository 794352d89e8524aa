// SPDX-License-Identifier: MIT
/*
 * See launch.h. The process waits on one pipe for what to do, and says on another when it could not be executed; both
 * ends close by themselves when it is.
 */
#include "reader/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reader/library.h"

/* What is sent: two texts, each with its NUL; both empty: run untraced. */
#define ORDER_MAX 16384

/* In the new process. The order's texts, or the end when nobody gives one. */
static void order_read(int fd, char *order)
{
	size_t size = 0;
	ssize_t count;

	while ((count = read(fd, order + size, ORDER_MAX - 1 - size)) != 0) {
		if (count < 0 && errno != EINTR)
			break;
		size += count > 0 ? (size_t)count : 0;
	}
	if (size < 2 || order[size - 1])
		_exit(127);
}

static void order_apply(const char *order)
{
	const char *live = order, *library = order + strlen(order) + 1;
	char *preload;

	if (!*live)
		return;
	preload = library_preload(library, getenv("LD_PRELOAD"));
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	setenv("IPCTRACE_LIVE", live, 1);
	unsetenv("IPCTRACE_TRACED");
	free(preload);
}

static void child_run(int go, int outcome, char **argv)
{
	static char order[ORDER_MAX];
	int error;

	order_read(go, order);
	order_apply(order);
	execvp(argv[0], argv);
	error = errno;
	if (write(outcome, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int launch_prepare(struct launch *launch, char **argv)
{
	int go[2], outcome[2], rc;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(outcome, O_CLOEXEC)) {
		rc = -errno;
		close(go[0]);
		close(go[1]);
		return rc;
	}
	launch->pid = fork();
	rc = launch->pid < 0 ? -errno : 0;
	if (launch->pid == 0) {
		close(go[1]);
		close(outcome[0]);
		child_run(go[0], outcome[1], argv);
	}
	close(go[0]);
	close(outcome[1]);
	launch->go = go[1];
	launch->outcome = outcome[0];
	if (rc) {
		close(go[1]);
		close(outcome[0]);
	}
	return rc;
}

int launch_run(struct launch *launch, const char *live, const char *library)
{
	char order[ORDER_MAX];
	int size = snprintf(order, sizeof(order), "%s%c%s", live ? live : "", 0, live ? library : "") + 1;
	int error = 0;
	ssize_t count = -1;

	if (size > 0 && size < ORDER_MAX)
		count = write(launch->go, order, (size_t)size);
	close(launch->go);
	if (count != size)
		error = E2BIG;
	do {
		count = read(launch->outcome, &error, sizeof(error));
	} while (count < 0 && errno == EINTR);
	close(launch->outcome);
	if (error)
		waitpid(launch->pid, NULL, 0);
	return error;
}

void launch_cancel(struct launch *launch)
{
	close(launch->go);
	close(launch->outcome);
	waitpid(launch->pid, NULL, 0);
}

void launch_files_allow(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}
