// SPDX-License-Identifier: MIT
/* Options of every shape: a number, a name, a struct, time, text; and one that there is not. */
#include <netinet/tcp.h>
#include <sys/time.h>

#include "tests/samples/sample.h"

static void get_of_pair(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int result = getsockopt(ends.near, SOL_SOCKET, SO_PEERCRED, &peer, &size);

	expect(result, "getsockopt(%d, SOL_SOCKET, SO_PEERCRED, {pid=%d, uid=%d, gid=%d}, [12])", ends.near, peer.pid,
	       (int)peer.uid, (int)peer.gid);
}

static void get_of_tcp(int fd)
{
	struct linger linger = {1, 5};
	struct timeval time = {3, 4000};
	char congestion[16] = "";
	socklen_t size = sizeof(linger);

	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, size));
	expect(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size),
	       "getsockopt(%d, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=5}, [8])", fd);
	size = sizeof(time);
	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, size));
	expect(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size),
	       "getsockopt(%d, SOL_SOCKET, SO_RCVTIMEO, {tv_sec=3, tv_usec=4000}, [16])", fd);
	size = sizeof(congestion);
	must(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	expect(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, &size),
	       "getsockopt(%d, SOL_TCP, TCP_CONGESTION, \"reno\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\", [16])", fd);
}

int main(void)
{
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0)), value = 0;
	socklen_t size = sizeof(value), none = sizeof(value);

	expect(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size),
	       "getsockopt(%d, SOL_SOCKET, SO_TYPE, [SOCK_STREAM], [4])", fd);
	expect(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size), "getsockopt(%d, SOL_SOCKET, SO_ERROR, [0], [4])",
	       fd);
	expect(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size),
	       "getsockopt(%d, SOL_TCP, TCP_NODELAY, [0], [4])", fd);
	get_of_tcp(fd);
	get_of_pair();
	expect(getsockopt(fd, SOL_SOCKET, 9999, &value, &none), "getsockopt(%d, SOL_SOCKET, 9999, %p, [4])", fd,
	       (void *)&value);
}
