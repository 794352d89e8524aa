// SPDX-License-Identifier: MIT
/* A child that ends, and one that is replaced; by both names; and none when there may be no more. */
#include "tests/samples/child.h"

pid_t __vfork(void);

int main(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	expect(pid, "vfork()");
	must(waitpid(pid, NULL, 0));
	pid = __vfork();
	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	expect(pid, "vfork()");
	must(waitpid(pid, NULL, 0));
	forbid_processes();
	expect(vfork(), "vfork()");
}
