// SPDX-License-Identifier: MIT
/* A program by its descriptor, and by one that is none. */
#include "tests/samples/child.h"

static char *const arguments[] = {"true", NULL};
static int program;

static void become_true(void)
{
	expect_text("?", "fexecve(%d, [\"true\"])", program);
	fexecve(program, arguments, environ);
}

int main(void)
{
	program = (int)must(open("/bin/true", O_RDONLY));
	in_child(become_true);
	expect(fexecve(-1, arguments, environ), "fexecve(-1, [\"true\"])");
}
