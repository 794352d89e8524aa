// SPDX-License-Identifier: MIT
/* With a key, where the machine has them; without one; and with one that nobody made. */
#include "tests/samples/sample.h"

int main(void)
{
	char *pages = pages_of(1);
	int key = pkey_alloc(0, 0);

	if (key >= 0)
		expect(pkey_mprotect(pages, PAGE, PROT_READ, key), "pkey_mprotect(%p, 4096, PROT_READ, %d)",
		       (void *)pages, key);
	expect(pkey_mprotect(pages, PAGE, PROT_READ, -1), "pkey_mprotect(%p, 4096, PROT_READ, -1)", (void *)pages);
	expect(pkey_mprotect(pages, PAGE, PROT_NONE, 99), "pkey_mprotect(%p, 4096, PROT_NONE, 99)", (void *)pages);
}
