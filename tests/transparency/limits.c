// SPDX-License-Identifier: MIT
/*
 * Resource limits that the program sets for itself: on file sizes, descriptors, addresses and locked memory. What
 * worked untraced must go on working, and no SIGXFSZ may come. limits WHICH
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define CALLS 20000

static unsigned long sent, received;

static void talk(void)
{
	int fds[2];
	char byte;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	for (int i = 0; i < CALLS; i++)
		if (send(fds[0], "x", 1, 0) != 1 || recv(fds[1], &byte, 1, 0) != 1)
			give_up("send");
	close(fds[0]);
	close(fds[1]);
	sent += CALLS;
	received += CALLS;
}

static void *talk_in_thread(void *argument)
{
	talk();
	return NULL;
}

static void limit(int what, rlim_t value)
{
	must(setrlimit(what, &(struct rlimit){value, value}), "setrlimit");
}

static void talk_everywhere(void)
{
	pthread_t thread;
	int error, status;

	talk();
	error = pthread_create(&thread, NULL, talk_in_thread, NULL);
	printf("pthread_create: %d\n", error);
	if (!error)
		pthread_join(thread, NULL);
	fflush(stdout);
	pid_t child = must(fork(), "fork");
	if (child == 0) {
		talk();
		_exit(0);
	}
	must(waitpid(child, &status, 0), "waitpid");
	sent += CALLS;
	received += CALLS;
	printf("child: %x\n", (unsigned)status);
}

static void limit_addresses(void)
{
	void *some;

	limit(RLIMIT_AS, 256 << 20);
	some = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("64 MiB: %s\n", some == MAP_FAILED ? strerror(errno) : "mapped");
	some = malloc(32 << 20);
	printf("32 MiB: %s\n", some ? "allocated" : strerror(errno));
	some = mmap(NULL, 300 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("300 MiB: %s\n", some == MAP_FAILED ? strerror(errno) : "mapped");
}

static void limit_locked(void)
{
	/* the usual one, no more than twice what this program maps for itself */
	limit(RLIMIT_MEMLOCK, 8 << 20);
	if (geteuid() == 0)
		must(setuid(65534), "setuid");
	printf("mlockall: %d\n", mlockall(MCL_CURRENT));
	printf("again, with the future: %d\n", mlockall(MCL_CURRENT | MCL_FUTURE));
	printf("munlockall: %d\n", munlockall());
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "files"))
		limit(RLIMIT_FSIZE, 4096);
	else if (!strcmp(argv[1], "descriptors"))
		limit(RLIMIT_NOFILE, 5);
	else if (!strcmp(argv[1], "addresses"))
		limit_addresses();
	else if (!strcmp(argv[1], "locked"))
		limit_locked();
	talk_everywhere();
	fact_made("send", sent);
	fact_made("recv", received);
	return 0;
}
