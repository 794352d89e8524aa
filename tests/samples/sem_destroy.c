// SPDX-License-Identifier: MIT
/* libc finds nothing that could be wrong with it. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	sem_t semaphore;

	must(sem_init(&semaphore, 0, 1));
	expect(sem_destroy(&semaphore), "sem_destroy(%p)", (void *)&semaphore);
}
