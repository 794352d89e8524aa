// SPDX-License-Identifier: MIT
/* The second page of a file in the place of the first, and memory that is of no file. */
#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "");
	char *shared, *private = pages_of(1);

	must(ftruncate(fd, 2 * PAGE));
	shared = (char *)must(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	expect(remap_file_pages(shared, PAGE, 0, 1, 0), "remap_file_pages(%p, 4096, PROT_NONE, 1, 0)", (void *)shared);
	expect(remap_file_pages(private, PAGE, 0, 0, MAP_NONBLOCK),
	       "remap_file_pages(%p, 4096, PROT_NONE, 0, MAP_NONBLOCK)", (void *)private);
}
