// SPDX-License-Identifier: MIT
/* Options of every shape: a number, a struct, a name, an address; one too short, and one that there is not. */
#include <netinet/tcp.h>
#include <sys/time.h>

#include "tests/samples/sample.h"

static void set_of_udp(void)
{
	struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(0xe0000001), .imr_ifindex = 1};
	int fd = (int)must(socket(AF_INET, SOCK_DGRAM, 0)), discover = IP_PMTUDISC_DO;

	expect(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, 4),
	       "setsockopt(%d, SOL_IP, IP_MTU_DISCOVER, [IP_PMTUDISC_DO], 4)", fd);
	expect(setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof(group)),
	       "setsockopt(%d, SOL_IP, IP_DROP_MEMBERSHIP, {imr_multiaddr=inet_addr(\"224.0.0.1\"), "
	       "imr_address=inet_addr(\"0.0.0.0\"), imr_ifindex=1}, 12)",
	       fd);
}

int main(void)
{
	struct linger linger = {1, 2};
	struct timeval time = {1, 500};
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0)), on = 1;

	expect(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)),
	       "setsockopt(%d, SOL_SOCKET, SO_REUSEADDR, [1], 4)", fd);
	expect(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)),
	       "setsockopt(%d, SOL_TCP, TCP_NODELAY, [1], 4)", fd);
	expect(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
	       "setsockopt(%d, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=2}, 8)", fd);
	expect(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)),
	       "setsockopt(%d, SOL_SOCKET, SO_SNDTIMEO, {tv_sec=1, tv_usec=500}, 16)", fd);
	expect(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4),
	       "setsockopt(%d, SOL_TCP, TCP_CONGESTION, \"reno\", 4)", fd);
	set_of_udp();
	expect(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, 1), "setsockopt(%d, SOL_SOCKET, SO_REUSEADDR, [1], 1)",
	       fd);
	expect(setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)),
	       "setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, [1], 4)");
	expect(setsockopt(fd, 1000, 2, NULL, 0), "setsockopt(%d, 1000, 2, NULL, 0)", fd);
}
