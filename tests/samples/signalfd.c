// SPDX-License-Identifier: MIT
/* A set of signals, another in its place, by number too, and in the place of what is none. */
#include <signal.h>
#include <sys/signalfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGUSR1);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	expect(fd, "signalfd(-1, {signals=SIGINT|SIGUSR1}, SFD_CLOEXEC|SFD_NONBLOCK)");
	sigemptyset(&mask);
	expect(signalfd(fd, &mask, 0), "signalfd(%d, {signals=0}, 0)", fd);
	expect(syscall(SYS_signalfd4, fd, &mask, 8, SFD_CLOEXEC), "signalfd(%d, {signals=0}, SFD_CLOEXEC)", fd);
	expect(signalfd(0, &mask, 0), "signalfd(0, {signals=0}, 0)");
}
