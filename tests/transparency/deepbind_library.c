// SPDX-License-Identifier: MIT
/* The library of deepbind.c. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int speak(void);
__attribute__((visibility("default"))) int speak(void)
{
	int fds[2], result;
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return -errno;
	result = write(fds[0], "x", 1) == 1 && read(fds[1], &byte, 1) == 1 ? byte : -errno;
	close(fds[0]);
	close(fds[1]);
	return result;
}
