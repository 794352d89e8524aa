// SPDX-License-Identifier: MIT
/* A pair of sockets, and a family that has none. */
#include "tests/samples/sample.h"

int main(void)
{
	int fds[2];
	int result = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);

	expect(result, "socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [%d, %d])", fds[0], fds[1]);
	expect(socketpair(AF_INET, SOCK_STREAM, 0, fds), "socketpair(AF_INET, SOCK_STREAM, IPPROTO_IP, %p)",
	       (void *)fds);
	expect(socketpair(AF_UNIX, SOCK_DGRAM, 0, NULL), "socketpair(AF_UNIX, SOCK_DGRAM, 0, NULL)");
}
