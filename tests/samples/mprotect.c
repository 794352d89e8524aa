// SPDX-License-Identifier: MIT
/* Rights taken and given, and what is not mapped. */
#include "tests/samples/sample.h"

int main(void)
{
	char *pages = pages_of(2);

	expect(mprotect(pages, PAGE, PROT_NONE), "mprotect(%p, 4096, PROT_NONE)", (void *)pages);
	expect(mprotect(pages, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC),
	       "mprotect(%p, 4096, PROT_READ|PROT_WRITE|PROT_EXEC)", (void *)pages);
	must(munmap(pages, 2 * PAGE));
	expect(mprotect(pages, 2 * PAGE, PROT_READ), "mprotect(%p, 8192, PROT_READ)", (void *)pages);
	expect(mprotect(pages + 1, PAGE, PROT_READ), "mprotect(%p, 4096, PROT_READ)", (void *)(pages + 1));
}
