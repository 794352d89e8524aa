// SPDX-License-Identifier: MIT
/* A program with many arguments, and one that is not there. */
#include "tests/samples/child.h"

static void become_true(void)
{
	expect_text("?", "execl(\"/bin/true\", [\"true\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\"])");
	execl("/bin/true", "true", "1", "2", "3", "4", "5", "6", "7", "8", NULL);
}

int main(void)
{
	in_child(become_true);
	expect(execl("/missing", "missing", NULL), "execl(\"/missing\", [\"missing\"])");
}
