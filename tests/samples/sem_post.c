// SPDX-License-Identifier: MIT
/* One more, until there can be no more. */
#include <limits.h>
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	sem_t semaphore;

	must(sem_init(&semaphore, 0, SEM_VALUE_MAX - 1));
	expect(sem_post(&semaphore), "sem_post(%p)", (void *)&semaphore);
	expect(sem_post(&semaphore), "sem_post(%p)", (void *)&semaphore);
}
