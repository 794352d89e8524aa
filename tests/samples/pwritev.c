// SPDX-License-Identifier: MIT
/* At a place, gathered from buffers, and to what is only read. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", ""), closed = (int)must(open("file", O_RDONLY));
	struct iovec parts[] = {{"ab", 2}, {"c", 1}};

	expect(pwritev(fd, parts, 2, 1),
	       "pwritev(%d, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"c\", iov_len=1}], 2, 1)", fd);
	expect(pwritev64(fd, parts, 1, 9), "pwritev(%d, [{iov_base=\"ab\", iov_len=2}], 1, 9)", fd);
	expect(pwritev(closed, parts, 1, 0), "pwritev(%d, %p, 1, 0)", closed, (void *)parts);
}
