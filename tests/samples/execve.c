// SPDX-License-Identifier: MIT
/* A program that takes this one's place, by number too, and one that is not there. */
#include "tests/samples/child.h"

static char *const arguments[] = {"true", "an argument", NULL};

static void become_true(void)
{
	expect_text("?", "execve(\"/bin/true\", [\"true\", \"an argument\"])");
	execve("/bin/true", arguments, environ);
}

static void become_true_by_number(void)
{
	expect_text("?", "execve(\"/bin/true\", [\"true\", \"an argument\"])");
	syscall(SYS_execve, "/bin/true", arguments, environ);
}

int main(void)
{
	in_child(become_true);
	in_child(become_true_by_number);
	expect(execve("/missing", arguments, environ), "execve(\"/missing\", [\"true\", \"an argument\"])");
	expect(execve(NULL, NULL, NULL), "execve(NULL, NULL)");
}
