// SPDX-License-Identifier: MIT
/* A key, which not every machine has, and flags that there are not. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(pkey_alloc(0, PKEY_DISABLE_WRITE), "pkey_alloc(0, PKEY_DISABLE_WRITE)");
	expect(pkey_alloc(1, PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE),
	       "pkey_alloc(0x1, PKEY_DISABLE_ACCESS|PKEY_DISABLE_WRITE)");
}
