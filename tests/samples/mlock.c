// SPDX-License-Identifier: MIT
/* A page, and what is not mapped. */
#include "tests/samples/sample.h"

int main(void)
{
	char *page = pages_of(1);

	expect(mlock(page, PAGE), "mlock(%p, 4096)", (void *)page);
	must(munmap(page, PAGE));
	expect(mlock(page, PAGE), "mlock(%p, 4096)", (void *)page);
}
