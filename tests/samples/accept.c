// SPDX-License-Identifier: MIT
/* A connection taken with its address, one without, and none there. */
#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_in address, near, peer;
	int listener = socket_on_loopback(SOCK_STREAM, &address), client, fd;
	socklen_t size = sizeof(near);

	must(listen(listener, 5));
	client = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&address, sizeof(address)));
	must(getsockname(client, (struct sockaddr *)&near, &size));
	size = sizeof(peer);
	fd = accept(listener, (struct sockaddr *)&peer, &size);
	expect(fd, "accept(%d, %s, [16])", listener, address_text(&near));

	client = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(client, (struct sockaddr *)&address, sizeof(address)));
	expect(accept(listener, NULL, NULL), "accept(%d, NULL, NULL)", listener);

	must(fcntl(listener, F_SETFL, O_NONBLOCK));
	expect(accept(listener, (struct sockaddr *)&peer, &size), "accept(%d, %p, [16])", listener, (void *)&peer);
	expect(accept(-1, NULL, NULL), "accept(-1, NULL, NULL)");
}
