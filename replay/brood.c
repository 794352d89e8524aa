// SPDX-License-Identifier: MIT
/*
 * See brood.h.
 */
#include "replay/brood.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "reader/launch.h"

/* Children that end leave us theirs: so often we look for more, 10 ms apart; before so many rounds none is killed. */
#define ROUNDS_MAX   300
#define ROUNDS_GRACE 100

int brood_start(struct brood *brood, char **argv)
{
	struct launch launch;
	int rc;

	*brood = (struct brood){.end = -1};
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rc = launch_prepare(&launch, argv);
	if (rc)
		return rc;
	brood->pid = launch.pid;
	brood->end = (int)syscall(SYS_pidfd_open, launch.pid, 0);
	rc = launch_run(&launch, NULL, NULL);
	if (rc)
		brood->is_over = true;
	return rc;
}

bool brood_is_over(struct brood *brood)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == brood->pid) {
			brood->is_over = true;
			brood->status = status;
		}
	return brood->is_over;
}

void brood_signal(const struct brood *brood, int number)
{
	if (!brood->is_over)
		kill(brood->pid, number);
}

/* Our children now, each once. Whether there are any. */
static bool children_signal(int number)
{
	char text[4096];
	int file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
	bool any = false;

	if (file >= 0)
		close(file);
	if (size <= 0)
		return false;
	text[size] = '\0';
	for (char *at = text, *end; *at; at = end) {
		pid_t pid = (pid_t)strtol(at, &end, 10);
		if (end == at)
			break;
		kill(pid, number);
		any = true;
		end += strspn(end, " \n");
	}
	return any;
}

void brood_end(struct brood *brood)
{
	const struct timespec pause = {0, 10000000};

	for (int round = 0; round < ROUNDS_MAX; round++) {
		brood_is_over(brood);
		if (!children_signal(!round ? SIGTERM : round > ROUNDS_GRACE ? SIGKILL : 0))
			break;
		nanosleep(&pause, NULL);
	}
	brood_is_over(brood);
	if (brood->end >= 0)
		close(brood->end);
	brood->end = -1;
}
