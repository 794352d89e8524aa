// SPDX-License-Identifier: MIT
/* Commands with no argument, a number, names and structs; by all its names; and one that there is not. */
#include "tests/samples/sample.h"

int __fcntl(int fd, int cmd, ...);

static void lock_file(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 10};
	struct f_owner_ex owner = {F_OWNER_PID, getpid()};

	expect(fcntl(fd, F_SETLK, &lock),
	       "fcntl(%d, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=2, l_len=10, l_pid=0})", fd);
	expect(fcntl64(fd, F_GETLK, &lock),
	       "fcntl(%d, F_GETLK, {l_type=F_UNLCK, l_whence=SEEK_SET, l_start=2, l_len=10, l_pid=0})", fd);
	lock.l_len = -100;
	expect(fcntl(fd, F_SETLK, &lock),
	       "fcntl(%d, F_SETLK, {l_type=F_UNLCK, l_whence=SEEK_SET, l_start=2, l_len=-100, l_pid=0})", fd);
	expect(fcntl(fd, F_SETOWN_EX, &owner), "fcntl(%d, F_SETOWN_EX, {type=F_OWNER_PID, pid=%d})", fd, getpid());
}

int main(void)
{
	int fd = file_with("file", ""), memory = (int)must(memfd_create("sample", MFD_ALLOW_SEALING));

	expect(fcntl(fd, F_DUPFD, 30), "fcntl(%d, F_DUPFD, 30)", fd);
	expect(__fcntl(fd, F_DUPFD_CLOEXEC, 40), "fcntl(%d, F_DUPFD_CLOEXEC, 40)", fd);
	expect(fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl(%d, F_SETFD, FD_CLOEXEC)", fd);
	expect_named(fcntl(fd, F_GETFD), "flags FD_CLOEXEC", "fcntl(%d, F_GETFD)", fd);
	expect(fcntl(memory, F_GETFD), "fcntl(%d, F_GETFD)", memory);
	expect(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK), "fcntl(%d, F_SETFL, O_RDWR|O_NONBLOCK)", fd);
	expect_named(fcntl(fd, F_GETFL), "flags O_RDWR|O_NONBLOCK|O_LARGEFILE", "fcntl(%d, F_GETFL)", fd);
	expect_named(fcntl(fd, F_GETLEASE), "F_UNLCK", "fcntl(%d, F_GETLEASE)", fd);
	lock_file(fd);
	expect(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE),
	       "fcntl(%d, F_ADD_SEALS, F_SEAL_SHRINK|F_SEAL_WRITE)", memory);
	expect(fcntl(fd, 9999, 7), "fcntl(%d, 9999, 0x7)", fd);
	expect(fcntl(-1, F_DUPFD, 0), "fcntl(-1, F_DUPFD, 0)");
}
