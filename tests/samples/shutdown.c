// SPDX-License-Identifier: MIT
/* One direction, both, and what is no socket. */
#include "tests/samples/sample.h"

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	int file = file_with("file", "");

	expect(shutdown(ends.near, SHUT_RD), "shutdown(%d, SHUT_RD)", ends.near);
	expect(shutdown(ends.near, SHUT_WR), "shutdown(%d, SHUT_WR)", ends.near);
	expect(shutdown(ends.far, SHUT_RDWR), "shutdown(%d, SHUT_RDWR)", ends.far);
	expect(shutdown(file, SHUT_RDWR), "shutdown(%d, SHUT_RDWR)", file);
	expect(shutdown(ends.near, 3), "shutdown(%d, 3)", ends.near);
}
