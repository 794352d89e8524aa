// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	expect("socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = %d", fd);
	fd = socket(AF_NETLINK, SOCK_RAW, 0);
	expect("socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = %d", fd);
	socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 77);
	expect("socket(AF_UNIX, SOCK_DGRAM|SOCK_NONBLOCK, 77) = %s", failure());
	return 0;
}
