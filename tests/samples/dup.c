// SPDX-License-Identifier: MIT
/* What is open, and what is not. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(dup(0), "dup(0)");
	expect(syscall(SYS_dup, 1), "dup(1)");
	expect(dup(-1), "dup(-1)");
}
