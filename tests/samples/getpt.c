// SPDX-License-Identifier: MIT
/* A terminal, and no descriptor left for another. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(getpt(), "getpt()");
	forbid_descriptors();
	expect(getpt(), "getpt()");
}
