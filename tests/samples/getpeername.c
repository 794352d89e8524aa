// SPDX-License-Identifier: MIT
/* The other end of a connection, and of a socket that has none. */
#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_in address, peer;
	int listener = socket_on_loopback(SOCK_STREAM, &address), fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	socklen_t size = sizeof(peer);

	must(listen(listener, 1));
	expect(getpeername(fd, (struct sockaddr *)&peer, &size), "getpeername(%d, %p, [16])", fd, (void *)&peer);
	must(connect(fd, (struct sockaddr *)&address, sizeof(address)));
	expect(getpeername(fd, (struct sockaddr *)&peer, &size), "getpeername(%d, %s, [16])", fd,
	       address_text(&address));
}
