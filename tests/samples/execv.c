// SPDX-License-Identifier: MIT
/* A program that takes this one's place, and one that is not there. */
#include "tests/samples/child.h"

static char *const arguments[] = {"true", "an argument", NULL};

static void become_true(void)
{
	expect_text("?", "execv(\"/bin/true\", [\"true\", \"an argument\"])");
	execv("/bin/true", arguments);
}

int main(void)
{
	in_child(become_true);
	expect(execv("/missing", arguments), "execv(\"/missing\", [\"true\", \"an argument\"])");
}
