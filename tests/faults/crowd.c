// SPDX-License-Identifier: MIT
/*
 * Threads or processes that come and go: crowd threads|processes COUNT AT_ONCE CALLS. COUNT in all, in waves of
 * AT_ONCE; each makes CALLS calls of shutdown(-1, NUMBER).
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int calls, gate[2];

/* They are all there before the first one leaves. */
static void *work(void *unused)
{
	char byte;

	for (int i = 0; i < calls; i++)
		shutdown(-1, i);
	if (read(gate[0], &byte, 1) != 1)
		abort();
	return NULL;
}

static void gate_open(int count)
{
	for (int i = 0; i < count; i++)
		if (write(gate[1], "", 1) != 1)
			abort();
}

static void wave_of_threads(int count)
{
	pthread_t *thread = calloc((size_t)count, sizeof(*thread));

	for (int i = 0; i < count; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			abort();
	gate_open(count);
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
	free(thread);
}

static void wave_of_processes(int count)
{
	for (int i = 0; i < count; i++) {
		if (fork() == 0) {
			work(NULL);
			_exit(0);
		}
	}
	gate_open(count);
	for (int i = 0; i < count; i++)
		if (wait(NULL) < 0)
			abort();
}

int main(int argc, char **argv)
{
	if (argc != 5 || pipe(gate))
		return 2;
	calls = atoi(argv[4]);
	for (int done = 0; done < atoi(argv[2]); done += atoi(argv[3]))
		(strcmp(argv[1], "threads") ? wave_of_processes : wave_of_threads)(atoi(argv[3]));
	return 0;
}
