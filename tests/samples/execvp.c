// SPDX-License-Identifier: MIT
/* A program that is looked for, and one that is nowhere. */
#include "tests/samples/child.h"

static char *const arguments[] = {"true", NULL};

static void become_true(void)
{
	expect_text("?", "execvp(\"true\", [\"true\"])");
	execvp("true", arguments);
}

int main(void)
{
	in_child(become_true);
	expect(execvp("no-such-program", arguments), "execvp(\"no-such-program\", [\"true\"])");
}
