// SPDX-License-Identifier: MIT
/* Shared memory is given a size, a pipe has none. */
#include <sys/mman.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = memfd_create("shared", MFD_CLOEXEC), ends[2];

	expect(ftruncate(fd, 8192), "ftruncate(%d, 8192)", fd);
	expect(ftruncate(fd, 0), "ftruncate(%d, 0)", fd);
	must(pipe(ends));
	expect(ftruncate(ends[1], 10), "ftruncate(%d, 10)", ends[1]);
	expect(ftruncate(fd, -1), "ftruncate(%d, -1)", fd);
}
