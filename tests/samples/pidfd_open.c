// SPDX-License-Identifier: MIT
/* This process, and none. */
#include <sys/pidfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(pidfd_open(getpid(), PIDFD_NONBLOCK), "pidfd_open(%d, PIDFD_NONBLOCK)", getpid());
	expect(pidfd_open(-1, 0), "pidfd_open(-1, 0)");
}
