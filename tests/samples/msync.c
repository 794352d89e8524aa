// SPDX-License-Identifier: MIT
/* At once, later, and both, which cannot be. */
#include "tests/samples/sample.h"

int main(void)
{
	int fd = file_with("file", "content");
	void *page = (void *)must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));

	expect(msync(page, PAGE, MS_SYNC), "msync(%p, 4096, MS_SYNC)", page);
	expect(msync(page, 10, MS_ASYNC | MS_INVALIDATE), "msync(%p, 10, MS_ASYNC|MS_INVALIDATE)", page);
	expect(msync(page, PAGE, MS_SYNC | MS_ASYNC), "msync(%p, 4096, MS_ASYNC|MS_SYNC)", page);
	expect(msync(page, PAGE, 8), "msync(%p, 4096, 0x8)", page);
}
