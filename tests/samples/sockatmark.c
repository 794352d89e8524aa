// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	in_port_t port, own;

	sample_listening(&port);
	int fd = sample_connected(port, &own);
	expect("sockatmark(%d) = %d", fd, sockatmark(fd));
	sockatmark(-1);
	expect("sockatmark(-1) = %s", failure());
	return 0;
}
