// SPDX-License-Identifier: MIT
/* Its result is the error number. */
#include "tests/samples/sample.h"

int main(void)
{
	char *page = pages_of(1);

	expect_error(posix_madvise(page, PAGE, POSIX_MADV_WILLNEED), "posix_madvise(%p, 4096, POSIX_MADV_WILLNEED)",
		     (void *)page);
	expect_error(posix_madvise(page, PAGE, 99), "posix_madvise(%p, 4096, 99)", (void *)page);
}
