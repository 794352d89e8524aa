// SPDX-License-Identifier: MIT
/* A semaphore that is free, and then no more. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	sem_t semaphore;

	must(sem_init(&semaphore, 0, 1));
	expect(sem_trywait(&semaphore), "sem_trywait(%p)", (void *)&semaphore);
	expect(sem_trywait(&semaphore), "sem_trywait(%p)", (void *)&semaphore);
}
