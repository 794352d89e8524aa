// SPDX-License-Identifier: MIT
/* What a descriptor is, and is not. */
#include "tests/samples/sample.h"

int main(void)
{
	int fd = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));

	expect(isfdtype(fd, S_IFSOCK), "isfdtype(%d, S_IFSOCK)", fd);
	expect(isfdtype(fd, S_IFREG), "isfdtype(%d, S_IFREG)", fd);
	expect(isfdtype(-1, S_IFSOCK), "isfdtype(-1, S_IFSOCK)");
}
