// SPDX-License-Identifier: MIT
/* It returns nothing and cannot fail. */
#include "tests/samples/sample.h"

int main(void)
{
	int fd = (int)must(dup(0));

	closefrom(fd);
	expect_text("?", "closefrom(%d)", fd);
}
