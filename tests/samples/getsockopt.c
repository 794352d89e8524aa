// SPDX-License-Identifier: MIT
#include "sample.h"

#include <netinet/tcp.h>

int main(void)
{
	struct ucred peer;
	struct linger linger;
	socklen_t size = sizeof(int);
	int fd = socket(AF_INET, SOCK_STREAM, 0), pair[2], value = 0;
	unsigned char narrow = 0;

	sample_pair(SOCK_STREAM, pair);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size);
	expect("getsockopt(%d, SOL_SOCKET, SO_TYPE, [SOCK_STREAM], [4]) = 0", fd);
	getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size);
	expect("getsockopt(%d, SOL_TCP, TCP_NODELAY, [0], [4]) = 0", fd);
	size = 1;
	getsockopt(fd, IPPROTO_IP, IP_TTL, &narrow, &size);
	expect("getsockopt(%d, SOL_IP, IP_TTL, [%u], [1]) = 0", fd, narrow);
	size = sizeof(linger);
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size);
	expect("getsockopt(%d, SOL_SOCKET, SO_LINGER, {l_onoff=0, l_linger=%d}, [8]) = 0", fd, linger.l_linger);
	size = sizeof(peer);
	getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size);
	expect("getsockopt(%d, SOL_SOCKET, SO_PEERCRED, {pid=%d, uid=%u, gid=%u}, [12]) = 0", pair[0], getpid(),
	       getuid(), getgid());
	getsockopt(fd, SOL_SOCKET, 9999, &value, &size);
	expect("getsockopt(%d, SOL_SOCKET, 9999, %p, [12]) = %s", fd, (void *)&value, failure());
	return 0;
}
