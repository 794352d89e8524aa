// SPDX-License-Identifier: MIT
/* A file system, for those who may, and one that there is not. */
#include <sys/mount.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(fsopen("tmpfs", FSOPEN_CLOEXEC), "fsopen(\"tmpfs\", FSOPEN_CLOEXEC)");
	expect(fsopen("no such thing", 0), "fsopen(\"no such thing\", 0)");
}
