// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/stat.h>

int main(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	expect("isfdtype(%d, S_IFSOCK) = %d", fd, isfdtype(fd, S_IFSOCK));
	/* errno stays what it was */
	expect("isfdtype(-1, S_IFDIR) = %d", isfdtype(-1, S_IFDIR));
	return 0;
}
