// SPDX-License-Identifier: MIT
/* What has no function of its own. */
#include <linux/io_uring.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct io_uring_params setup = {0};
	long fd = syscall(SYS_io_uring_setup, 4, &setup);

	expect(fd, "syscall(SYS_io_uring_setup, 4, %p)", (void *)&setup);
	expect(syscall(SYS_io_uring_setup, 0, NULL), "syscall(SYS_io_uring_setup, 0, NULL)");
	expect(syscall(SYS_io_uring_enter, -1, 1, 2, 3, NULL, 5),
	       "syscall(SYS_io_uring_enter, -1, 1, 2, 0x3, NULL, 5)");
	expect(syscall(SYS_io_uring_register, -1, 2, NULL, 4), "syscall(SYS_io_uring_register, -1, 2, NULL, 4)");
}
