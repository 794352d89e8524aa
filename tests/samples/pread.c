// SPDX-License-Identifier: MIT
/* At a place, by all its names, and before the beginning. */
#include "tests/samples/sample.h"

ssize_t __pread64(int fd, void *buf, size_t nbytes, off64_t offset);
ssize_t __pread_chk(int fd, void *buf, size_t nbytes, off_t offset, size_t buflen);
ssize_t __pread64_chk(int fd, void *buf, size_t nbytes, off64_t offset, size_t buflen);

int main(void)
{
	int fd = file_with("file", "0123456789");
	char bytes[16];

	expect(pread(fd, bytes, 2, 8), "pread(%d, \"89\", 2, 8)", fd);
	expect(pread64(fd, bytes, 16, 7), "pread(%d, \"789\", 16, 7)", fd);
	expect(__pread64(fd, bytes, 1, 6), "pread(%d, \"6\", 1, 6)", fd);
	expect(__pread_chk(fd, bytes, 1, 5, sizeof(bytes)), "pread(%d, \"5\", 1, 5)", fd);
	expect(__pread64_chk(fd, bytes, 1, 4, sizeof(bytes)), "pread(%d, \"4\", 1, 4)", fd);
	expect(syscall(SYS_pread64, fd, bytes, 4, 0), "pread(%d, \"0123\", 4, 0)", fd);
	expect(pread(fd, bytes, 2, -1), "pread(%d, %p, 2, -1)", fd, (void *)bytes);
}
