// SPDX-License-Identifier: MIT
/* From this folder, from another, by all the names, and from no folder. */
#include "tests/samples/sample.h"

int __openat_2(int dirfd, const char *pathname, int flags);
int __openat64_2(int dirfd, const char *pathname, int flags);

int main(void)
{
	int folder = (int)must(open(".", O_RDONLY | O_DIRECTORY));

	expect(openat(AT_FDCWD, "file", O_RDWR | O_CREAT, 0600), "openat(AT_FDCWD, \"file\", O_RDWR|O_CREAT, 0600)");
	expect(openat64(folder, "file", O_RDONLY), "openat(%d, \"file\", O_RDONLY)", folder);
	expect(__openat_2(folder, "file", O_WRONLY), "openat(%d, \"file\", O_WRONLY)", folder);
	expect(__openat64_2(folder, "file", O_RDWR), "openat(%d, \"file\", O_RDWR)", folder);
	expect(syscall(SYS_openat, folder, "file", O_RDONLY, 0777), "openat(%d, \"file\", O_RDONLY)", folder);
	expect(openat(-1, "file", O_RDONLY), "openat(-1, \"file\", O_RDONLY)");
}
