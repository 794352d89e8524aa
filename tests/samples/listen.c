// SPDX-License-Identifier: MIT
/* A socket that can listen and one that cannot. */
#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_in address;
	int stream = socket_on_loopback(SOCK_STREAM, &address);
	int datagram = socket_on_loopback(SOCK_DGRAM, &address);

	expect(listen(stream, 5), "listen(%d, 5)", stream);
	expect(listen(datagram, SOMAXCONN), "listen(%d, 4096)", datagram);
	expect(listen(-1, 0), "listen(-1, 0)");
}
