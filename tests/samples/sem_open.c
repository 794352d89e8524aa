// SPDX-License-Identifier: MIT
/* A semaphore made, opened, and not found. */
#include <semaphore.h>

#include "tests/samples/sample.h"

int main(void)
{
	const char *name = own_name();

	expect_address(sem_open(name, O_CREAT | O_EXCL, 0600, 2), "sem_open(\"%s\", O_RDONLY|O_CREAT|O_EXCL, 0600, 2)",
		       name);
	expect_address(sem_open(name, 0), "sem_open(\"%s\", O_RDONLY)", name);
	expect_address(sem_open(name, O_CREAT | O_EXCL, 0600, 2), "sem_open(\"%s\", O_RDONLY|O_CREAT|O_EXCL, 0600, 2)",
		       name);
	must(sem_unlink(name));
	expect_address(sem_open(name, O_CREAT, 0600, 0), "sem_open(\"%s\", O_RDONLY|O_CREAT, 0600, 0)", name);
	must(sem_unlink(name));
	expect_address(sem_open(name, O_RDWR), "sem_open(\"%s\", O_RDWR)", name);
}
