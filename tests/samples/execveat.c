// SPDX-License-Identifier: MIT
/* A program in a folder, one by its descriptor, and one that is not there; by number too. */
#include "tests/samples/child.h"

static char *const arguments[] = {"true", NULL};
static int folder, program;

static void become_true_of_folder(void)
{
	expect_text("?", "execveat(%d, \"true\", [\"true\"], 0)", folder);
	execveat(folder, "true", arguments, environ, 0);
}

static void become_true_of_file(void)
{
	expect_text("?", "execveat(%d, \"\", [\"true\"], AT_EMPTY_PATH)", program);
	syscall(SYS_execveat, program, "", arguments, environ, AT_EMPTY_PATH);
}

int main(void)
{
	folder = (int)must(open("/bin", O_RDONLY | O_DIRECTORY));
	program = (int)must(open("/bin/true", O_RDONLY));
	in_child(become_true_of_folder);
	in_child(become_true_of_file);
	expect(execveat(AT_FDCWD, "missing", arguments, environ, AT_SYMLINK_NOFOLLOW),
	       "execveat(AT_FDCWD, \"missing\", [\"true\"], AT_SYMLINK_NOFOLLOW)");
}
