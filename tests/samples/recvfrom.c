// SPDX-License-Identifier: MIT
/* With the sender's address and without; also under its fortified name. */
#include "tests/samples/sample.h"

ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t buflen, int flags, struct sockaddr *src_addr,
		       socklen_t *addrlen);

int main(void)
{
	struct sockaddr_in address, sender, found;
	int near = socket_on_loopback(SOCK_DGRAM, &address), far = socket_on_loopback(SOCK_DGRAM, &sender);
	socklen_t size = 64, same = sizeof(found);
	char bytes[16];

	must(connect(far, (struct sockaddr *)&address, sizeof(address)));
	for (int i = 0; i < 3; i++)
		must(write(far, "hello", 5));
	expect(recvfrom(near, bytes, sizeof(bytes), 0, (struct sockaddr *)&found, &size),
	       "recvfrom(%d, \"hello\", 16, 0, %s, [64] => [16])", near, address_text(&sender));
	expect(__recvfrom_chk(near, bytes, 2, sizeof(bytes), 0, (struct sockaddr *)&found, &same),
	       "recvfrom(%d, \"he\", 2, 0, %s, [16])", near, address_text(&sender));
	expect(recvfrom(near, bytes, sizeof(bytes), MSG_WAITALL, NULL, NULL),
	       "recvfrom(%d, \"hello\", 16, MSG_WAITALL, NULL, NULL)", near);
	expect(recvfrom(near, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&found, &same),
	       "recvfrom(%d, %p, 16, MSG_DONTWAIT, %p, [16])", near, (void *)bytes, (void *)&found);
}
