// SPDX-License-Identifier: MIT
/* Bytes, a look at them, more than the buffer holds, an end, and nothing there; also under its fortified name. */
#include "tests/samples/sample.h"

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t buflen, int flags);

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM), messages = pair_of(SOCK_DGRAM);
	char bytes[16];

	must(write(ends.far, "hello", 5));
	expect(recv(ends.near, bytes, 3, MSG_PEEK), "recv(%d, \"hel\", 3, MSG_PEEK)", ends.near);
	expect(recv(ends.near, bytes, 3, 0), "recv(%d, \"hel\", 3, 0)", ends.near);
	expect(__recv_chk(ends.near, bytes, 8, sizeof(bytes), 0), "recv(%d, \"lo\", 8, 0)", ends.near);
	expect(recv(ends.near, bytes, 8, MSG_DONTWAIT), "recv(%d, %p, 8, MSG_DONTWAIT)", ends.near, (void *)bytes);
	must(shutdown(ends.far, SHUT_WR));
	expect(recv(ends.near, bytes, 8, 0), "recv(%d, \"\", 8, 0)", ends.near);
	must(write(messages.far, "a longer message", 16));
	expect(recv(messages.near, bytes, 4, MSG_TRUNC), "recv(%d, %p, 4, MSG_TRUNC)", messages.near, (void *)bytes);
	expect(recv(-1, bytes, 8, 0), "recv(-1, %p, 8, 0)", (void *)bytes);
	expect(recv(messages.near, NULL, 8, MSG_DONTWAIT), "recv(%d, NULL, 8, MSG_DONTWAIT)", messages.near);
}
