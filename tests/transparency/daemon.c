// SPDX-License-Identifier: MIT
/*
 * A daemon closes every descriptor and uses the numbers again; then it duplicates over every number. Whoever kept a
 * descriptor open for itself would now write into the daemon's sockets, or find its own gone.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define MESSAGES 50
#define NUMBERS	 1024

/* Which descriptors are open; the folder's own is left out. */
static int count_open(int limit)
{
	int count = 0;

	for (int fd = 0; fd < limit; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void talk(int from, int to)
{
	char bytes[64];

	for (int i = 0; i < MESSAGES; i++)
		if (send(from, "REAL", 4, 0) != 4 || recv(to, bytes, sizeof(bytes), 0) != 4 || memcmp(bytes, "REAL", 4))
			_exit(50);
	if (recv(to, bytes, sizeof(bytes), MSG_DONTWAIT) != -1 || errno != EAGAIN)
		_exit(51);
}

static int run_daemon(int report)
{
	int fds[2], open_before, all[3];

	dup2(report, NUMBERS);
	close_range(0, NUMBERS - 1, 0);
	open_before = count_open(NUMBERS);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) || fds[0] != 0 || fds[1] != 1)
		return 52;
	talk(fds[0], fds[1]);
	for (int fd = 2; fd < NUMBERS; fd++)
		if (dup2(fds[0], fd) != fd)
			return 53;
	talk(NUMBERS - 1, fds[1]);
	for (int fd = 0; fd < NUMBERS; fd++)
		if (close(fd))
			return 54;
	closefrom(NUMBERS + 1);
	all[0] = open_before;
	all[1] = count_open(NUMBERS);
	all[2] = open("/dev/null", O_RDONLY);
	return write(NUMBERS, all, sizeof(all)) == sizeof(all) ? 0 : 55;
}

int main(void)
{
	struct rlimit files = {NUMBERS + 16, NUMBERS + 16};
	int ends[2], status, all[3], count = 0;
	pid_t child;

	must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	must(pipe(ends), "pipe");
	/* as postgres does, to find how many there can be */
	while (dup(0) >= 0)
		count++;
	printf("%d descriptors to be had\n", count);
	close_range((unsigned)ends[1] + 1, ~0u, 0);
	child = must(fork(), "fork");
	if (child == 0)
		_exit(run_daemon(ends[1]));
	close(ends[1]);
	must(waitpid(child, &status, 0), "waitpid");
	if (read(ends[0], all, sizeof(all)) != sizeof(all))
		give_up("the daemon said nothing, status %x", (unsigned)status);
	printf("status %x; %d open, then %d, and the next is %d\n", (unsigned)status, all[0], all[1], all[2]);
	fflush(stdout);
	if (daemon(1, 0) == 0) /* the parent ends inside libc */
		for (int i = 0; i < MESSAGES; i++)
			send(-1, NULL, 0, 0);
	fact_made_now("recv", 2 * MESSAGES + 2);
	fact_made_now("dup2", NUMBERS - 1);
	fact_made_now("send", 3 * MESSAGES);
	fact_made_now("socketpair", 1);
	return 0;
}
