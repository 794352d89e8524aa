// SPDX-License-Identifier: MIT
/*
 * Two threads that do the same, each woken by an eventfd of its own; which of the two is whose, they settle by lot.
 */
#include <err.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "luck.h"

#define WAKES 4

static int wakers[2];
static const char *event;

static void *be_woken(void *argument)
{
	int own = *(int *)argument;
	eventfd_t count;

	for (int i = 0; i < WAKES; i++)
		/* Wrong: one looks once at what is the other's. */
		(void)!read(wakers[!strcmp(event, "wrong") && i == 2 ? 1 : own], &count, sizeof(count));
	return NULL;
}

int luck_own(const char *chosen)
{
	int own[2] = {!strcmp(chosen, "late"), strcmp(chosen, "late") != 0};
	pthread_t threads[2];

	event = chosen;
	for (int i = 0; i < 2; i++) {
		wakers[i] = eventfd(0, EFD_SEMAPHORE);
		eventfd_write(wakers[i], 2 * WAKES);
	}
	for (int i = 0; i < 2; i++)
		if (wakers[i] < 0 || pthread_create(&threads[i], NULL, be_woken, &own[i]))
			err(1, "cannot begin");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
