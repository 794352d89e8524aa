// SPDX-License-Identifier: MIT
/* A page once it is touched, and flags that there are not. */
#include "tests/samples/sample.h"

int main(void)
{
	char *page = pages_of(1);

	expect(mlock2(page, PAGE, MLOCK_ONFAULT), "mlock2(%p, 4096, MLOCK_ONFAULT)", (void *)page);
	expect(mlock2(page, PAGE, 2), "mlock2(%p, 4096, 0x2)", (void *)page);
}
