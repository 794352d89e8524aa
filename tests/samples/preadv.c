// SPDX-License-Identifier: MIT
/* At a place, spread over buffers, and before the beginning. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "0123456789");
	char first[2], second[3];
	struct iovec parts[] = {{first, 2}, {second, 3}};

	expect(preadv(fd, parts, 2, 1),
	       "preadv(%d, [{iov_base=\"12\", iov_len=2}, {iov_base=\"345\", iov_len=3}], 2, 1)", fd);
	expect(preadv64(fd, parts, 1, 9), "preadv(%d, [{iov_base=\"9\", iov_len=2}], 1, 9)", fd);
	expect(preadv(fd, parts, 1, -1), "preadv(%d, %p, 1, -1)", fd, (void *)parts);
}
