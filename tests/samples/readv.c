// SPDX-License-Identifier: MIT
/* Spread over buffers of which the last is not filled, and into none. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "abcdef");
	char first[2], second[10], third[10];
	struct iovec parts[] = {{first, 2}, {second, 10}, {third, 10}};

	expect(readv(fd, parts, 3),
	       "readv(%d, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"cdef\", iov_len=10}, {iov_base=\"\", "
	       "iov_len=10}], 3)",
	       fd);
	expect(readv(fd, parts, 1), "readv(%d, [{iov_base=\"\", iov_len=2}], 1)", fd);
	expect(readv(fd, parts, 0), "readv(%d, [], 0)", fd);
	expect(readv(-1, parts, 1), "readv(-1, %p, 1)", (void *)parts);
}
