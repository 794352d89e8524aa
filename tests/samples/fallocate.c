// SPDX-License-Identifier: MIT
/* Pages of shared memory are had, given back, and refused. */
#include <fcntl.h>
#include <sys/mman.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = memfd_create("shared", MFD_CLOEXEC);

	expect(fallocate(fd, 0, 0, 8192), "fallocate(%d, 0, 0, 8192)", fd);
	expect(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 4096, 4096),
	       "fallocate(%d, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 4096, 4096)", fd);
	expect(fallocate(fd, 0, 0, 0), "fallocate(%d, 0, 0, 0)", fd);
}
