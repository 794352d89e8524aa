// SPDX-License-Identifier: MIT
/* A folder as it is, and one that is not there. */
#include <sys/mount.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(open_tree(AT_FDCWD, ".", OPEN_TREE_CLOEXEC), "open_tree(AT_FDCWD, \".\", OPEN_TREE_CLOEXEC)");
	expect(open_tree(AT_FDCWD, "missing", AT_SYMLINK_NOFOLLOW),
	       "open_tree(AT_FDCWD, \"missing\", AT_SYMLINK_NOFOLLOW)");
}
