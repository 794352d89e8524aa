// SPDX-License-Identifier: MIT
/* This process's own memory, and what is not there. */
#include <sys/uio.h>

#include "tests/samples/sample.h"

int main(void)
{
	char text[] = "hello world", first[5], second[10];
	struct iovec local[] = {{first, 5}, {second, 10}}, remote[] = {{text, 11}}, nowhere = {(void *)8, 1};

	expect(process_vm_readv(getpid(), local, 2, remote, 1, 0),
	       "process_vm_readv(%d, [{iov_base=\"hello\", iov_len=5}, {iov_base=\" world\", iov_len=10}], 2, "
	       "[{iov_base=%p, iov_len=11}], 1, 0)",
	       getpid(), (void *)text);
	expect(process_vm_readv(getpid(), local, 1, &nowhere, 1, 0),
	       "process_vm_readv(%d, %p, 1, [{iov_base=0x8, iov_len=1}], 1, 0)", getpid(), (void *)local);
}
