// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	in_port_t port, own;
	int listener = sample_listening(&port);

	sample_connected(port, &own);
	int fd = accept4(listener, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	expect("accept4(%d, %s, [16], SOCK_NONBLOCK|SOCK_CLOEXEC) = %d", listener, sample_inet(own), fd);
	sample_connected(port, &own);
	fd = accept4(listener, NULL, NULL, 0);
	expect("accept4(%d, NULL, NULL, 0) = %d", listener, fd);
	accept4(fd, NULL, NULL, 0);
	expect("accept4(%d, NULL, NULL, 0) = %s", fd, failure());
	return 0;
}
