// SPDX-License-Identifier: MIT
/* A descriptor of this process, and one that it has not. */
#include <sys/pidfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	int self = (int)must(pidfd_open(getpid(), 0));

	expect(pidfd_getfd(self, 1, 0), "pidfd_getfd(%d, 1, 0)", self);
	expect(pidfd_getfd(self, 77, 0), "pidfd_getfd(%d, 77, 0)", self);
}
