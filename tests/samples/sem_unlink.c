// SPDX-License-Identifier: MIT
/* A name that is there, and then no more. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	const char *name = own_name();

	if (sem_open(name, O_CREAT | O_EXCL, 0600, 2) == SEM_FAILED)
		sample_skip("no named semaphores");
	expect(sem_unlink(name), "sem_unlink(\"%s\")", name);
	expect(sem_unlink(name), "sem_unlink(\"%s\")", name);
}
