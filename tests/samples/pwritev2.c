// SPDX-License-Identifier: MIT
/* At a place, at the end, by number, and with flags that there are not. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "");
	struct iovec part = {"text", 4};

	expect(pwritev2(fd, &part, 1, 1, RWF_SYNC | RWF_DSYNC),
	       "pwritev2(%d, [{iov_base=\"text\", iov_len=4}], 1, 1, RWF_DSYNC|RWF_SYNC)", fd);
	expect(pwritev64v2(fd, &part, 1, -1, RWF_APPEND),
	       "pwritev2(%d, [{iov_base=\"text\", iov_len=4}], 1, -1, RWF_APPEND)", fd);
	expect(syscall(SYS_pwritev2, fd, &part, 1, 8, 0, RWF_DSYNC),
	       "pwritev2(%d, [{iov_base=\"text\", iov_len=4}], 1, 8, RWF_DSYNC)", fd);
	expect(pwritev2(fd, &part, 1, 0, 0x40000000), "pwritev2(%d, %p, 1, 0, 0x40000000)", fd, (void *)&part);
}
