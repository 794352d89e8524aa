// SPDX-License-Identifier: MIT
/* A program that is looked for, and one that is nowhere. */
#include "tests/samples/child.h"

static void become_true(void)
{
	expect_text("?", "execlp(\"true\", [\"true\", \"an argument\"])");
	execlp("true", "true", "an argument", NULL);
}

int main(void)
{
	in_child(become_true);
	expect(execlp("no-such-program", "true", NULL), "execlp(\"no-such-program\", [\"true\"])");
}
