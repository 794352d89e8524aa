// SPDX-License-Identifier: MIT
/* Larger wherever there is room, larger at one place, and what is not mapped. */
#include "tests/samples/sample.h"

int main(void)
{
	char *pages = pages_of(1), *target = pages_of(4);
	void *moved = mremap(pages, PAGE, 2 * PAGE, MREMAP_MAYMOVE);

	expect_address(moved, "mremap(%p, 4096, 8192, MREMAP_MAYMOVE)", (void *)pages);
	expect_address(mremap(moved, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target),
		       "mremap(%p, 8192, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, %p)", moved, (void *)target);
	expect_address(mremap(target, 4 * PAGE, 0, 0), "mremap(%p, 16384, 0, 0)", (void *)target);
	expect_address(mremap(moved, 2 * PAGE, PAGE, 0), "mremap(%p, 8192, 4096, 0)", moved);
}
