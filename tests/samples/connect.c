// SPDX-License-Identifier: MIT
/* A listener, a port where nobody is, and the name of old programs. */
#include <sys/un.h>

#include "tests/samples/sample.h"

int __connect(int fd, const struct sockaddr *addr, socklen_t addrlen);

int main(void)
{
	struct sockaddr_in address, nobody;
	struct sockaddr_un missing = {.sun_family = AF_UNIX, .sun_path = "missing"};
	int listener = socket_on_loopback(SOCK_STREAM, &address), closed = socket_on_loopback(SOCK_STREAM, &nobody);
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0)), other = (int)must(socket(AF_INET, SOCK_STREAM, 0));
	int local = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));

	must(listen(listener, 5));
	must(close(closed));
	expect(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect(%d, %s, 16)", fd,
	       address_text(&address));
	expect(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect(%d, %s, 16)", fd,
	       address_text(&address));
	expect(connect(other, (struct sockaddr *)&nobody, sizeof(nobody)), "connect(%d, %s, 16)", other,
	       address_text(&nobody));
	expect(__connect(other, (struct sockaddr *)&address, sizeof(address)), "connect(%d, %s, 16)", other,
	       address_text(&address));
	expect(connect(local, (struct sockaddr *)&missing, sizeof(missing)),
	       "connect(%d, {sa_family=AF_UNIX, sun_path=\"missing\"}, 110)", local);
}
