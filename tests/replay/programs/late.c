// SPDX-License-Identifier: MIT
/* A connect() that takes its time to return, as one does whose thread was not given a processor. */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	int (*original)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
	int result = original(fd, address, size), error = errno;

	usleep(300000);
	errno = error;
	return result;
}
