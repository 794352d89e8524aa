// SPDX-License-Identifier: MIT
/* With and without its flag, and onto itself, which dup2 allows. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(dup3(0, 20, O_CLOEXEC), "dup3(0, 20, O_CLOEXEC)");
	expect(dup3(0, 21, 0), "dup3(0, 21, 0)");
	expect(dup3(20, 20, 0), "dup3(20, 20, 0)");
	expect(dup3(0, 22, 1), "dup3(0, 22, 0x1)");
}
