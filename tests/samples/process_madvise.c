// SPDX-License-Identifier: MIT
/* Advice on this process's own memory, and on that of no process. */
#include <sys/pidfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	char *pages = pages_of(2);
	struct iovec parts[] = {{pages, PAGE}, {pages + PAGE, PAGE}};
	int self = (int)must(pidfd_open(getpid(), 0));

	expect(process_madvise(self, parts, 2, MADV_COLD, 0),
	       "process_madvise(%d, [{iov_base=%p, iov_len=4096}, {iov_base=%p, iov_len=4096}], 2, MADV_COLD, 0)",
	       self, (void *)pages, (void *)(pages + PAGE));
	expect(process_madvise(-1, parts, 1, MADV_COLD, 0),
	       "process_madvise(-1, [{iov_base=%p, iov_len=4096}], 1, MADV_COLD, 0)", (void *)pages);
}
