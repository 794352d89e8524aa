// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	struct sockaddr_storage address;
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t size = sizeof(address);
	struct sockaddr_in four = sample_loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sample_need(!bind(fd, (struct sockaddr *)&four, sizeof(four)), "a bound socket");
	getsockname(fd, (struct sockaddr *)&address, &size);
	memcpy(&four, &address, sizeof(four));
	expect("getsockname(%d, %s, [16]) = 0", fd, sample_inet(ntohs(four.sin_port)));
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&six, sizeof(six))) {
		size = sizeof(six);
		getsockname(fd, (struct sockaddr *)&six, &size);
		expect("getsockname(%d, {sa_family=AF_INET6, sin6_port=htons(%u), sin6_flowinfo=htonl(0), "
		       "inet_pton(AF_INET6, "
		       "\"::1\", &sin6_addr), sin6_scope_id=0}, [28]) = 0",
		       fd, ntohs(six.sin6_port));
	}
	getsockname(0x7fff, (struct sockaddr *)&address, &size);
	expect("getsockname(32767, %p, [%u]) = %s", (void *)&address, size, failure());
	return 0;
}
