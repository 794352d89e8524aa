// SPDX-License-Identifier: MIT
/* It cannot fail. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(munlockall(), "munlockall()");
}
