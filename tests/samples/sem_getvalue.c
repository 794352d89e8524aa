// SPDX-License-Identifier: MIT
/* It cannot fail. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	sem_t semaphore;
	int value;

	must(sem_init(&semaphore, 0, 42));
	expect(sem_getvalue(&semaphore, &value), "sem_getvalue(%p, [42])", (void *)&semaphore);
}
