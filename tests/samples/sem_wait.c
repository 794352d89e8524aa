// SPDX-License-Identifier: MIT
/* A semaphore that is free, and one for which a signal ends the wait. */
#include <semaphore.h>
#include <signal.h>
#include <sys/time.h>

#include "tests/samples/sample.h"

static void ring(int number)
{
}

int main(void)
{
	const struct sigaction action = {.sa_handler = ring};
	const struct itimerval soon = {.it_value.tv_usec = 20000};
	sem_t semaphore;

	must(sem_init(&semaphore, 0, 1));
	must(sigaction(SIGALRM, &action, NULL));
	expect(sem_wait(&semaphore), "sem_wait(%p)", (void *)&semaphore);
	must(setitimer(ITIMER_REAL, &soon, NULL));
	expect(sem_wait(&semaphore), "sem_wait(%p)", (void *)&semaphore);
}
