// SPDX-License-Identifier: MIT
/*
 * Semaphores that two threads use as locks, as Python does: one tries to take it first, and waits only when that fails.
 */
#include <err.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "luck.h"

static sem_t lock, door, done;
static const char *event;

static bool is(const char *name)
{
	return !strcmp(event, name);
}

static void take(sem_t *sem)
{
	if (sem_trywait(sem))
		sem_wait(sem);
}

static void use(sem_t *sem)
{
	take(sem);
	usleep(100);
	sem_post(sem);
}

static void *work(void *argument)
{
	(void)argument;
	for (int i = 0; i < 4; i++)
		use(&lock);
	/* Wrong: it is given twice, and taken once. */
	if (is("wrong"))
		sem_post(&lock);
	/* One of the two finds out that there is nothing to do, and looks again. */
	for (int i = 0; i < (is("late") ? 3 : 1); i++)
		use(&door);
	sem_post(&done);
	return NULL;
}

int luck_locks(const char *chosen)
{
	pthread_t thread;

	event = chosen;
	if (sem_init(&lock, 0, 1) || sem_init(&door, 0, 1) || sem_init(&done, 0, 0) ||
	    pthread_create(&thread, NULL, work, NULL))
		err(1, "cannot begin");
	for (int i = 0; i < (is("early") ? 2 : 1); i++)
		use(&door);
	/* Late: it has not ended yet. */
	if (is("late"))
		sem_wait(&done);
	else
		while (sem_trywait(&done))
			usleep(1000);
	/* Less: one is taken and never given back. */
	take(&lock);
	if (!is("less"))
		sem_post(&lock);
	pthread_join(thread, NULL);
	sem_destroy(&lock);
	sem_destroy(&door);
	sem_destroy(&done);
	return 0;
}
