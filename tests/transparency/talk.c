// SPDX-License-Identifier: MIT
/*
 * An ordinary program: allocates, makes threads, sends and receives, maps, forks. Run with other libraries preloaded
 * beside the tracer's, and built with the sanitizers.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define THREADS 4
#define CALLS	2000

static void *talk(void *argument)
{
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	for (int i = 0; i < CALLS; i++) {
		size_t size = 1 + (size_t)i % 1000;
		char *from = malloc(size), *to = malloc(size);
		memset(from, i, size);
		if (send(fds[0], from, size, 0) != (ssize_t)size ||
		    recv(fds[1], to, size, MSG_WAITALL) != (ssize_t)size || memcmp(from, to, size))
			give_up("the message differs");
		free(from);
		free(to);
	}
	close(fds[0]);
	close(fds[1]);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int status;
	void *large = malloc(64 << 20), *mapped;

	memset(large, 1, 64 << 20);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, talk, NULL))
			give_up("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	mapped = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(mapped, 2, 1 << 20);
	munmap(mapped, 1 << 20);
	free(large);
	fflush(stdout);
	pid_t child = must(fork(), "fork");
	if (child == 0) {
		talk(NULL);
		_exit(11);
	}
	must(waitpid(child, &status, 0), "waitpid");
	printf("status %x, user %d\n", (unsigned)status, (int)geteuid());
	fact_made("send", (THREADS + 1) * CALLS);
	fact_made("recv", (THREADS + 1) * CALLS);
	return 0;
}
