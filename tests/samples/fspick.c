// SPDX-License-Identifier: MIT
/* A mounted file system, for those who may, and one that is not there. */
#include <sys/mount.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(fspick(AT_FDCWD, "/", FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT),
	       "fspick(AT_FDCWD, \"/\", FSPICK_CLOEXEC|FSPICK_NO_AUTOMOUNT)");
	expect(fspick(AT_FDCWD, "missing", 0), "fspick(AT_FDCWD, \"missing\", 0)");
}
