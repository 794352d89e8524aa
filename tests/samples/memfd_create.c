// SPDX-License-Identifier: MIT
/* A file of memory alone, and flags that there are not. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(memfd_create("a name", MFD_CLOEXEC | MFD_ALLOW_SEALING),
	       "memfd_create(\"a name\", MFD_CLOEXEC|MFD_ALLOW_SEALING)");
	expect(memfd_create("", 0), "memfd_create(\"\", 0)");
	expect(memfd_create("name", 0x1000), "memfd_create(\"name\", 0x1000)");
}
