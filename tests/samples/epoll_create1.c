// SPDX-License-Identifier: MIT
/* With its flag, without, and with one that there is not. */
#include <sys/epoll.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(epoll_create1(EPOLL_CLOEXEC), "epoll_create1(EPOLL_CLOEXEC)");
	expect(epoll_create1(0), "epoll_create1(0)");
	expect(epoll_create1(1), "epoll_create1(0x1)");
}
