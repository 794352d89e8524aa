// SPDX-License-Identifier: MIT
/* A semaphore, and one whose value is too large. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	sem_t semaphore;

	expect(sem_init(&semaphore, 1, 3), "sem_init(%p, 1, 3)", (void *)&semaphore);
	expect(sem_init(&semaphore, 0, 0x80000000), "sem_init(%p, 0, 2147483648)", (void *)&semaphore);
}
