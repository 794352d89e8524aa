// SPDX-License-Identifier: MIT
/* Memory of nobody, of a file, at a place that is taken; the name with 64; and nothing at all. */
#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "content");
	void *private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *shared;

	expect_address(private, "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)");
	must(ftruncate(fd, 2 * PAGE));
	shared = mmap64(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	expect_address(shared, "mmap(NULL, 4096, PROT_READ, MAP_SHARED, %d, 4096)", fd);
	expect_address(mmap(private, PAGE, PROT_NONE, MAP_SHARED | MAP_FIXED, fd, 0),
		       "mmap(%p, 4096, PROT_NONE, MAP_SHARED|MAP_FIXED, %d, 0)", private, fd);
	expect_address(
		mmap(private, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
		"mmap(%p, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0)", private);
	expect_address(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0), "mmap(NULL, 0, PROT_READ, MAP_PRIVATE, %d, 0)",
		       fd);
	expect_address(mmap(NULL, PAGE, PROT_READ, 0, fd, 0), "mmap(NULL, 4096, PROT_READ, 0, %d, 0)", fd);
}
