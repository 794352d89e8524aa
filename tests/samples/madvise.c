// SPDX-License-Identifier: MIT
/* Advice that is taken, and some that there is not. */
#include "tests/samples/sample.h"

int main(void)
{
	char *page = pages_of(1);

	expect(madvise(page, PAGE, MADV_DONTNEED), "madvise(%p, 4096, MADV_DONTNEED)", (void *)page);
	expect(madvise(page, PAGE, MADV_DONTFORK), "madvise(%p, 4096, MADV_DONTFORK)", (void *)page);
	expect(madvise(page, PAGE, 12345), "madvise(%p, 4096, 12345)", (void *)page);
	expect(madvise(page + 1, PAGE, MADV_NORMAL), "madvise(%p, 4096, MADV_NORMAL)", (void *)(page + 1));
}
