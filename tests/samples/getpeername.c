// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	in_port_t port, own;
	int listener = sample_listening(&port);
	int fd = sample_connected(port, &own);

	getpeername(fd, (struct sockaddr *)&address, &size);
	expect("getpeername(%d, %s, [16]) = 0", fd, sample_inet(port));
	getpeername(listener, (struct sockaddr *)&address, &size);
	expect("getpeername(%d, %p, [16]) = %s", listener, (void *)&address, failure());
	return 0;
}
