// SPDX-License-Identifier: MIT
/* A size that does not matter, and one that cannot be. */
#include <sys/epoll.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(epoll_create(10), "epoll_create(10)");
	expect(epoll_create(0), "epoll_create(0)");
}
