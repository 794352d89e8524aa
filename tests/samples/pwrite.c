// SPDX-License-Identifier: MIT
/* At a place beyond 4 GiB, by all its names, and where there is no place. */
#include "tests/samples/sample.h"

ssize_t __pwrite64(int fd, const void *buf, size_t n, off64_t offset);

int main(void)
{
	int fd = file_with("file", ""), ends[2];
	const char *text = "text";

	must(pipe(ends));
	expect(pwrite(fd, text, 4, 10), "pwrite(%d, \"text\", 4, 10)", fd);
	expect(pwrite64(fd, text, 4, 1l << 33), "pwrite(%d, \"text\", 4, 8589934592)", fd);
	expect(__pwrite64(fd, text, 1, 0), "pwrite(%d, \"t\", 1, 0)", fd);
	expect(pwrite(ends[1], text, 4, 0), "pwrite(%d, %p, 4, 0)", ends[1], (void *)text);
}
