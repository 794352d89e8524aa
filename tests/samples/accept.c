// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	in_port_t port, own;
	int listener = sample_listening(&port);

	sample_connected(port, &own);
	int fd = accept(listener, (struct sockaddr *)&address, &size);
	expect("accept(%d, %s, [16]) = %d", listener, sample_inet(own), fd);
	sample_connected(port, &own);
	fd = accept(listener, NULL, NULL);
	expect("accept(%d, NULL, NULL) = %d", listener, fd);
	accept(fd, NULL, NULL);
	expect("accept(%d, NULL, NULL) = %s", fd, failure());
	return 0;
}
