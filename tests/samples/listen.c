// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	in_port_t port;
	int fd = sample_bound(SOCK_STREAM, &port);

	listen(fd, 17);
	expect("listen(%d, 17) = 0", fd);
	fd = sample_bound(SOCK_DGRAM, &port);
	listen(fd, 1);
	expect("listen(%d, 1) = %s", fd, failure());
	return 0;
}
