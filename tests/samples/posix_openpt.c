// SPDX-License-Identifier: MIT
/* A terminal, and no descriptor left for another. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt(O_RDWR|O_NOCTTY)");
	forbid_descriptors();
	expect(posix_openpt(O_RDWR), "posix_openpt(O_RDWR)");
}
