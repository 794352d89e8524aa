// SPDX-License-Identifier: MIT
/* Sockets of several families; one of a family that there is not. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP),
	       "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)");
	expect(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0),
	       "socket(AF_INET6, SOCK_DGRAM|SOCK_NONBLOCK, IPPROTO_IP)");
	expect(socket(AF_UNIX, SOCK_SEQPACKET, 0), "socket(AF_UNIX, SOCK_SEQPACKET, 0)");
	expect(socket(AF_NETLINK, SOCK_RAW, 0), "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)");
	expect(syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0), "socket(AF_UNIX, SOCK_DGRAM, 0)");
	expect(socket(99, SOCK_STREAM, 0), "socket(99, SOCK_STREAM, 0)");
	expect(socket(AF_UNIX, 0xf, 7), "socket(AF_UNIX, 0xf, 7)");
}
