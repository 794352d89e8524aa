// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/ipc.h>

int main(void)
{
	char key[16];

	snprintf(key, sizeof(key), "%#x", ftok("/", 65));
	expect_text(key, "ftok(\"/\", 65)");
	expect(ftok("/no/such/file", 1), "ftok(\"/no/such/file\", 1)");
	return 0;
}
