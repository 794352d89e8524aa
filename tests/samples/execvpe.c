// SPDX-License-Identifier: MIT
/* A program that is looked for, with an environment of its own, and one that is nowhere. */
#include "tests/samples/child.h"

static char *const arguments[] = {"true", NULL}, *const variables[] = {"A=1", NULL};

static void become_true(void)
{
	expect_text("?", "execvpe(\"true\", [\"true\"])");
	execvpe("true", arguments, variables);
}

int main(void)
{
	in_child(become_true);
	expect(execvpe("no-such-program", arguments, variables), "execvpe(\"no-such-program\", [\"true\"])");
}
