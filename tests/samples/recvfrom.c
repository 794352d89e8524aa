// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	in_port_t from_port, to_port;
	char buffer[16];
	int from = sample_bound(SOCK_DGRAM, &from_port), to = sample_bound(SOCK_DGRAM, &to_port);

	address = sample_loopback(to_port);
	sendto(from, "hello", 5, 0, (struct sockaddr *)&address, size);
	recvfrom(to, buffer, sizeof(buffer), 0, (struct sockaddr *)&address, &size);
	expect("recvfrom(%d, \"hello\", 16, 0, %s, [16]) = 5", to, sample_inet(from_port));
	recvfrom(to, buffer, sizeof(buffer), MSG_DONTWAIT, NULL, NULL);
	expect("recvfrom(%d, %p, 16, MSG_DONTWAIT, NULL, NULL) = %s", to, (void *)buffer, failure());
	return 0;
}
