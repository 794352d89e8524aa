// SPDX-License-Identifier: MIT
/* A key, where the machine has them, and one that nobody made. */
#include "tests/samples/sample.h"

int main(void)
{
	int key = pkey_alloc(0, 0);

	if (key >= 0)
		expect(pkey_free(key), "pkey_free(%d)", key);
	expect(pkey_free(99), "pkey_free(99)");
}
