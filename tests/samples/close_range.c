// SPDX-License-Identifier: MIT
/* A few, all above, and an order that cannot be. */
#include "tests/samples/sample.h"

int main(void)
{
	int fd = (int)must(dup(0));

	expect(close_range((unsigned)fd, (unsigned)fd + 2, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC),
	       "close_range(%d, %d, CLOSE_RANGE_UNSHARE|CLOSE_RANGE_CLOEXEC)", fd, fd + 2);
	expect(close_range((unsigned)fd, ~0u, 0), "close_range(%d, 4294967295, 0)", fd);
	expect(close_range(9, 5, 0), "close_range(9, 5, 0)");
	expect(close_range(3, 4, 1), "close_range(3, 4, 0x1)");
}
