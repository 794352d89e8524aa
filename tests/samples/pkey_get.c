// SPDX-License-Identifier: MIT
/* The rights of a key, where the machine has them, and of one that cannot be. */
#include "tests/samples/sample.h"

int main(void)
{
	int key = pkey_alloc(0, PKEY_DISABLE_WRITE);

	if (key >= 0) {
		must(pkey_get(key));
		expect_text("PKEY_DISABLE_WRITE", "pkey_get(%d)", key);
	}
	expect(pkey_get(99), "pkey_get(99)");
}
