// SPDX-License-Identifier: MIT
/* In the place of nothing, of itself, by its older name, and of what is not open. */
#include "tests/samples/sample.h"

int __dup2(int oldfd, int newfd);

int main(void)
{
	expect(dup2(0, 20), "dup2(0, 20)");
	expect(dup2(20, 20), "dup2(20, 20)");
	expect(__dup2(1, 20), "dup2(1, 20)");
	expect(dup2(77, 20), "dup2(77, 20)");
	expect(dup2(0, -1), "dup2(0, -1)");
}
