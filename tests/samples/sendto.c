// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	in_port_t port;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char word[] = "hello";

	sample_bound(SOCK_DGRAM, &port);
	struct sockaddr_in address = sample_loopback(port);
	sendto(fd, word, 5, 0, (struct sockaddr *)&address, sizeof(address));
	expect("sendto(%d, \"hello\", 5, 0, %s, 16) = 5", fd, sample_inet(port));
	sendto(-1, word, 5, MSG_OOB, (struct sockaddr *)&address, sizeof(address));
	expect("sendto(-1, %p, 5, MSG_OOB, %s, 16) = %s", (void *)word, sample_inet(port), failure());
	return 0;
}
