// SPDX-License-Identifier: MIT
/* The end of a child; it cannot fail. */
#include "tests/samples/child.h"

static void end(void)
{
	expect_text("?", "exit(3)");
	exit(3);
}

int main(void)
{
	in_child(end);
}
