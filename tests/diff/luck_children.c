// SPDX-License-Identifier: MIT
/*
 * A parent that sees its two children off, and tells the second one that the first has gone; either may be the first.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "luck.h"

/* Of a message, with its zeros. */
#define SIZE 8

static void hear_until(int fd, const char *last)
{
	char text[SIZE];

	while (recv(fd, text, SIZE, MSG_WAITALL) > 0 && strcmp(text, last))
		;
	_exit(0);
}

int luck_children(const char *event)
{
	int pairs[2][2], first = strcmp(event, "late") ? 0 : 1;
	/* Wrong: it is told in another way. */
	int flags = strcmp(event, "wrong") ? 0 : MSG_DONTWAIT;
	pid_t pids[2], ended;

	for (int i = 0; i < 2; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]))
			err(1, "socketpair");
		pids[i] = fork();
		if (!pids[i])
			hear_until(pairs[i][1], i == first ? "end" : "gone");
	}
	for (int i = 0; i < 2; i++)
		send(pairs[i][0], "end\0\0\0\0", SIZE, 0);
	ended = waitpid(-1, NULL, 0);
	send(pairs[ended == pids[0]][0], "gone\0\0\0", SIZE, flags);
	return waitpid(-1, NULL, 0) < 0;
}

/* Early: the child is seen off; late: it is told to end, which it has done already, and not waited for; wrong: neither.
 */
int luck_overtaken(const char *event)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	if (!strcmp(event, "early"))
		return waitpid(child, NULL, 0) < 0;
	usleep(50000);
	return strcmp(event, "wrong") ? kill(child, SIGTERM) : 0;
}
