// SPDX-License-Identifier: MIT
/* What is open, by all its names, and what is so no more. */
#include "tests/samples/sample.h"

int __close(int fd);

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	int other = (int)must(dup(ends.near));

	expect(close(ends.near), "close(%d)", ends.near);
	expect(__close(ends.far), "close(%d)", ends.far);
	expect(syscall(SYS_close, other), "close(%d)", other);
	expect(close(other), "close(%d)", other);
	expect(close(-1), "close(-1)");
}
