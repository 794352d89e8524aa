// SPDX-License-Identifier: MIT
/* A counter, by number too, and flags that there are not. */
#include <sys/eventfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(eventfd(5, EFD_NONBLOCK | EFD_SEMAPHORE), "eventfd(5, EFD_NONBLOCK|EFD_SEMAPHORE)");
	expect(syscall(SYS_eventfd2, 6, EFD_CLOEXEC), "eventfd(6, EFD_CLOEXEC)");
	expect(syscall(SYS_eventfd, 7, 8), "eventfd(7, 0)");
	expect(eventfd(0, 2), "eventfd(0, 0x2)");
}
