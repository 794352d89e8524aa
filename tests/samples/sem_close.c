// SPDX-License-Identifier: MIT
/* A semaphore that was opened by its name, and one that was not. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	sem_t *named = sem_open(own_name(), O_CREAT | O_EXCL, 0600, 2), unnamed;

	if (named == SEM_FAILED)
		sample_skip("no named semaphores");
	must(sem_unlink(own_name()));
	must(sem_init(&unnamed, 0, 0));
	expect(sem_close(named), "sem_close(%p)", (void *)named);
	expect(sem_close(&unnamed), "sem_close(%p)", (void *)&unnamed);
}
