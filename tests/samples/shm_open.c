// SPDX-License-Identifier: MIT
/* A segment made, opened, and not found. */
#include "tests/samples/sample.h"

int main(void)
{
	const char *name = own_name();

	expect(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600), "shm_open(\"%s\", O_RDWR|O_CREAT|O_EXCL, 0600)", name);
	expect(shm_open(name, O_RDONLY, 0), "shm_open(\"%s\", O_RDONLY, 0)", name);
	must(shm_unlink(name));
	expect(shm_open(name, O_RDWR, 0), "shm_open(\"%s\", O_RDWR, 0)", name);
}
