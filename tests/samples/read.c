// SPDX-License-Identifier: MIT
/* Bytes, an end, by all its names, into no memory, and from nothing. */
#include "tests/samples/sample.h"

ssize_t __read(int fd, void *buf, size_t nbytes);
ssize_t __read_chk(int fd, void *buf, size_t nbytes, size_t buflen);

int main(void)
{
	int fd = file_with("file", "line\n\ttabbed\033[0m");
	char bytes[32];

	expect(read(fd, bytes, 5), "read(%d, \"line\\n\", 5)", fd);
	expect(__read(fd, bytes, 3), "read(%d, \"\\tta\", 3)", fd);
	expect(__read_chk(fd, bytes, 4, sizeof(bytes)), "read(%d, \"bbed\", 4)", fd);
	expect(syscall(SYS_read, fd, bytes, sizeof(bytes)), "read(%d, \"\\33[0m\", 32)", fd);
	expect(read(fd, bytes, sizeof(bytes)), "read(%d, \"\", 32)", fd);
	must(lseek(fd, 0, SEEK_SET));
	expect(read(fd, (void *)-1, 4), "read(%d, 0xffffffffffffffff, 4)", fd);
	expect(read(-1, bytes, 4), "read(-1, %p, 4)", (void *)bytes);
}
