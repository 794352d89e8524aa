// SPDX-License-Identifier: MIT
/* Room for shared memory, and for what cannot have any: the result is the error. */
#include <fcntl.h>
#include <sys/mman.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = memfd_create("shared", MFD_CLOEXEC);

	expect_error(posix_fallocate(fd, 0, 8192), "posix_fallocate(%d, 0, 8192)", fd);
	expect_error(posix_fallocate(-1, 0, 8192), "posix_fallocate(-1, 0, 8192)");
}
