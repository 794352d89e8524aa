// SPDX-License-Identifier: MIT
/* Rights given to a key, where the machine has them, and to one that cannot be. */
#include "tests/samples/sample.h"

int main(void)
{
	int key = pkey_alloc(0, 0);

	if (key >= 0)
		expect(pkey_set(key, PKEY_DISABLE_ACCESS), "pkey_set(%d, PKEY_DISABLE_ACCESS)", key);
	expect(pkey_set(99, PKEY_DISABLE_WRITE), "pkey_set(99, PKEY_DISABLE_WRITE)");
}
