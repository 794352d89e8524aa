// SPDX-License-Identifier: MIT
/* A part, the rest, and what begins in the middle of a page. */
#include "tests/samples/sample.h"

int main(void)
{
	char *pages = pages_of(2);

	expect(munmap(pages, PAGE), "munmap(%p, 4096)", (void *)pages);
	expect(syscall(SYS_munmap, pages + PAGE, PAGE), "munmap(%p, 4096)", (void *)(pages + PAGE));
	expect(munmap(pages + 1, PAGE), "munmap(%p, 4096)", (void *)(pages + 1));
	expect(munmap(NULL, 0), "munmap(NULL, 0)");
}
