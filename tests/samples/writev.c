// SPDX-License-Identifier: MIT
/* Gathered from buffers, more than is kept, and to nowhere. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "");
	char many[70];
	struct iovec parts[] = {{"ab", 2}, {many, 70}, {"c", 1}};

	memset(many, '-', sizeof(many));
	expect(writev(fd, parts, 1), "writev(%d, [{iov_base=\"ab\", iov_len=2}], 1)", fd);
	expect(writev(fd, parts, 3),
	       "writev(%d, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"%.62s\"..., iov_len=70}, {iov_base=\"\"..., "
	       "iov_len=1}], 3)",
	       fd, many);
	expect(writev(-1, parts, 1), "writev(-1, %p, 1)", (void *)parts);
}
