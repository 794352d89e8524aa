// SPDX-License-Identifier: MIT
#include "sample.h"

#include <netinet/tcp.h>
#include <sys/time.h>

int main(void)
{
	struct timeval timeout = {.tv_sec = 3, .tv_usec = 250000};
	struct linger linger = {.l_onoff = 1, .l_linger = 30};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, advice = IP_PMTUDISC_DO;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	expect("setsockopt(%d, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0", fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	expect("setsockopt(%d, SOL_TCP, TCP_NODELAY, [1], 4) = 0", fd);
	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &advice, sizeof(advice));
	expect("setsockopt(%d, SOL_IP, IP_MTU_DISCOVER, [IP_PMTUDISC_DO], 4) = 0", fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	expect("setsockopt(%d, SOL_SOCKET, SO_RCVTIMEO, {tv_sec=3, tv_usec=250000}, 16) = 0", fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	expect("setsockopt(%d, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=30}, 8) = 0", fd);
	setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	expect("setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = %s", failure());
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NULL, sizeof(on));
	expect("setsockopt(%d, SOL_SOCKET, SO_KEEPALIVE, NULL, 4) = %s", fd, failure());
	return 0;
}
