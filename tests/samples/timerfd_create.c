// SPDX-License-Identifier: MIT
/* A timer, and one by a clock that there is not. */
#include <sys/timerfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
	       "timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC|TFD_NONBLOCK)");
	expect(timerfd_create(99, 0), "timerfd_create(99, 0)");
}
