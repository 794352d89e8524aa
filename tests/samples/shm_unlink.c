// SPDX-License-Identifier: MIT
/* A segment that is there, and then no more. */
#include "tests/samples/sample.h"

int main(void)
{
	const char *name = own_name();

	must(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	expect(shm_unlink(name), "shm_unlink(\"%s\")", name);
	expect(shm_unlink(name), "shm_unlink(\"%s\")", name);
}
