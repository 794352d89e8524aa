// SPDX-License-Identifier: MIT
/* Into this process's own memory, and into that of no process. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	char target[16];
	struct iovec local[] = {{"hel", 3}, {"lo", 2}}, remote[] = {{target, 4}, {target + 8, 8}};

	expect(process_vm_writev(getpid(), local, 2, remote, 2, 0),
	       "process_vm_writev(%d, [{iov_base=\"hel\", iov_len=3}, {iov_base=\"lo\", iov_len=2}], 2, "
	       "[{iov_base=%p, iov_len=4}, {iov_base=%p, iov_len=8}], 2, 0)",
	       getpid(), (void *)target, (void *)(target + 8));
	expect(process_vm_writev(0x7ffffffe, local, 1, remote, 1, 0),
	       "process_vm_writev(2147483646, %p, 1, [{iov_base=%p, iov_len=4}], 1, 0)", (void *)local,
	       (void *)target);
}
