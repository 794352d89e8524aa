// SPDX-License-Identifier: MIT
/* Which pages are there, and of what is not mapped. */
#include "tests/samples/sample.h"

int main(void)
{
	char *pages = pages_of(2);
	unsigned char there[2];

	expect(mincore(pages, 2 * PAGE, there), "mincore(%p, 8192, %p)", (void *)pages, (void *)there);
	must(munmap(pages, 2 * PAGE));
	expect(mincore(pages, 2 * PAGE, there), "mincore(%p, 8192, %p)", (void *)pages, (void *)there);
}
