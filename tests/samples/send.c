// SPDX-License-Identifier: MIT
/* Bytes that print and bytes that do not, more than is kept, and nobody to hear them. */
#include "tests/samples/sample.h"

ssize_t __send(int fd, const void *buf, size_t len, int flags);

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	const char *bytes = "a\n\"\0\377", *reply = "none";
	char many[100];

	memset(many, 'x', sizeof(many));
	expect(send(ends.near, "PING\r\n", 6, MSG_NOSIGNAL), "send(%d, \"PING\\r\\n\", 6, MSG_NOSIGNAL)", ends.near);
	expect(send(ends.near, bytes, 5, MSG_DONTWAIT | MSG_MORE),
	       "send(%d, \"a\\n\\\"\\0\\377\", 5, MSG_DONTWAIT|MSG_MORE)", ends.near);
	expect(send(ends.near, many, sizeof(many), 0), "send(%d, \"%.64s\"..., 100, 0)", ends.near, many);
	expect(__send(ends.far, "", 0, 0), "send(%d, \"\", 0, 0)", ends.far);
	must(close(ends.far));
	expect(send(ends.near, reply, 4, MSG_NOSIGNAL), "send(%d, %p, 4, MSG_NOSIGNAL)", ends.near, (void *)reply);
}
