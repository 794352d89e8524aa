// SPDX-License-Identifier: MIT
/* A semaphore that is free, and then not until a moment that is over. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct timespec past = {5, 6};
	sem_t semaphore;

	must(sem_init(&semaphore, 0, 1));
	expect(sem_timedwait(&semaphore, &past), "sem_timedwait(%p, {tv_sec=5, tv_nsec=6})", (void *)&semaphore);
	expect(sem_timedwait(&semaphore, &past), "sem_timedwait(%p, {tv_sec=5, tv_nsec=6})", (void *)&semaphore);
}
