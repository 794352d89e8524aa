// SPDX-License-Identifier: MIT
/* From a place and from where the file stands; and from what is no file. */
#include <sys/sendfile.h>

#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "0123456789");
	struct ends ends = pair_of(SOCK_STREAM);
	off_t at = 2;
	off64_t at64 = 7;

	expect(sendfile(ends.near, fd, &at, 4), "sendfile(%d, %d, [6], 4)", ends.near, fd);
	expect(sendfile64(ends.near, fd, &at64, 100), "sendfile(%d, %d, [10], 100)", ends.near, fd);
	expect(sendfile(ends.near, fd, NULL, 3), "sendfile(%d, %d, NULL, 3)", ends.near, fd);
	expect(sendfile(ends.near, -1, &at, 3), "sendfile(%d, -1, [6], 3)", ends.near);
}
