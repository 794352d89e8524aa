// SPDX-License-Identifier: MIT
/* A program with an environment of its own, and one that is not there. */
#include "tests/samples/child.h"

static char *const variables[] = {"A=1", NULL};

static void become_true(void)
{
	expect_text("?", "execle(\"/bin/true\", [\"true\", \"an argument\"])");
	execle("/bin/true", "true", "an argument", NULL, variables);
}

int main(void)
{
	in_child(become_true);
	expect(execle("/missing", "true", NULL, variables), "execle(\"/missing\", [\"true\"])");
}
