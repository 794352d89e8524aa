// SPDX-License-Identifier: MIT
/*
 * A handler makes calls while its thread is inside the dynamic linker, and other threads' stacks have to be unwound:
 * linker_program [fork]. With "fork" a child does the same, which is made meanwhile. Prints "over".
 */
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];
static int forks;
static volatile int is_inside;

/* Frames above a handler's are for libunwind. */
static void on_signal(int number)
{
	char byte;

	if (send(ends[0], "x", 1, 0) == 1)
		recv(ends[1], &byte, 1, 0);
}

/* Each asks the linker where its code is, as nobody has been there before. */
#define PLACE(n)                                              \
	static __attribute__((noinline)) void place_##n(void) \
	{                                                     \
		raise(SIGUSR1);                               \
		__asm__ volatile("");                         \
	}
#define PLACES(macro) macro(1) macro(2) macro(3) macro(4) macro(5) macro(6) macro(7) macro(8)
#define VISIT(n)      place_##n();

PLACES(PLACE)

static void *visit_places(void *unused)
{
	while (!is_inside)
		usleep(1000);
	PLACES(VISIT)
	return NULL;
}

/* With the linker's lock held. */
static int inside(struct dl_phdr_info *info, size_t size, void *unused)
{
	is_inside = 1;
	usleep(200000); /* by now the other one is in the unwinder */
	if (forks) {
		pid_t child = fork();
		if (child == 0) {
			raise(SIGUSR1);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	raise(SIGUSR1);
	return 1;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	forks = argc > 1 && !strcmp(argv[1], "fork");
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
		return 1;
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	if (pthread_create(&thread, NULL, visit_places, NULL))
		return 1;
	dl_iterate_phdr(inside, NULL);
	pthread_join(thread, NULL);
	puts("over");
	return 0;
}
