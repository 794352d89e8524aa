// SPDX-License-Identifier: MIT
/*
 * Threads trace without pause while the first thread forks: each call is in the log once, under the process that made
 * it. fork_threads FORKS
 */
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define THREADS	    4
#define CHILD_CALLS 10

extern pid_t _Fork(void);

static volatile int is_over;
static unsigned long sent[THREADS];

static void *work(void *argument)
{
	unsigned long *mine = argument;
	int fds[2];
	char byte;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	while (!is_over) {
		++*mine;
		if (send(fds[0], "x", 1, 0) != 1 || read(fds[1], &byte, 1) != 1)
			give_up("send");
	}
	return NULL;
}

static int child_run(void)
{
	int fds[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds))
		return 1;
	for (int i = 0; i < CHILD_CALLS; i++)
		if (send(fds[0], "y", 1, 0) != 1 || recv(fds[1], &byte, 1, 0) != 1)
			return 2;
	return 42;
}

int main(int argc, char **argv)
{
	int forks = atoi(argv[1]), good = 0, status;
	unsigned long total = (unsigned long)forks * CHILD_CALLS;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &sent[i]);
	for (int i = 0; i < forks; i++) {
		pid_t child = i % 2 ? fork() : _Fork();
		if (child == 0)
			_exit(child_run());
		must(child, "fork");
		must(waitpid(child, &status, 0), "waitpid");
		good += WIFEXITED(status) && WEXITSTATUS(status) == 42;
	}
	is_over = 1;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		total += sent[i];
	}
	printf("%d of %d children were well\n", good, forks);
	fact_made("fork", (unsigned long)forks);
	fact_made("recv", (unsigned long)forks * CHILD_CALLS);
	fact_made("socketpair", THREADS + (unsigned long)forks);
	fact_made("waitpid", (unsigned long)forks);
	fact_made("_exit", (unsigned long)forks);
	fact_made_now("send", total);
	return 0;
}
