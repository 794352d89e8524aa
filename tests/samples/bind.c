// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/un.h>

int main(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct sockaddr_in address = sample_loopback(7);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int size = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "ipctrace-sample-%d", getpid());

	size += (int)sizeof(name.sun_family) + 1;
	bind(fd, (struct sockaddr *)&name, (socklen_t)size);
	expect("bind(%d, {sa_family=AF_UNIX, sun_path=@\"%s\"}, %d) = 0", fd, name.sun_path + 1, size);
	bind(-1, (struct sockaddr *)&address, sizeof(address));
	expect("bind(-1, %s, 16) = %s", sample_inet(7), failure());
	return 0;
}
