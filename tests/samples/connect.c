// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	in_port_t port;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sample_listening(&port);
	struct sockaddr_in address = sample_loopback(port);
	connect(fd, (struct sockaddr *)&address, sizeof(address));
	expect("connect(%d, %s, 16) = 0", fd, sample_inet(port));
	connect(fd, (struct sockaddr *)&address, sizeof(address));
	expect("connect(%d, %s, 16) = %s", fd, sample_inet(port), failure());
	return 0;
}
