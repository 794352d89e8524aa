// SPDX-License-Identifier: MIT
/* A file, by both names, and one in a folder that there is not. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(creat("file", 0600), "creat(\"file\", 0600)");
	expect(creat64("file", 0), "creat(\"file\", 0)");
	expect(creat("missing/file", 0644), "creat(\"missing/file\", 0644)");
}
