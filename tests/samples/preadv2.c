// SPDX-License-Identifier: MIT
/* At a place, at the file's own, by number, and with flags that there are not. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "0123456789");
	char bytes[4];
	struct iovec part = {bytes, 4};

	expect(preadv2(fd, &part, 1, 1, RWF_HIPRI), "preadv2(%d, [{iov_base=\"1234\", iov_len=4}], 1, 1, RWF_HIPRI)",
	       fd);
	expect(preadv64v2(fd, &part, 1, -1, 0), "preadv2(%d, [{iov_base=\"0123\", iov_len=4}], 1, -1, 0)", fd);
	expect(syscall(SYS_preadv2, fd, &part, 1, 8, 77, RWF_HIPRI),
	       "preadv2(%d, [{iov_base=\"89\", iov_len=4}], 1, 8, RWF_HIPRI)", fd);
	expect(preadv2(fd, &part, 1, 0, 0x40000000), "preadv2(%d, %p, 1, 0, 0x40000000)", fd, (void *)&part);
}
