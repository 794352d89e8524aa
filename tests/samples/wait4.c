// SPDX-License-Identifier: MIT
/* A child with what it used, by number too, and none. */
#include "tests/samples/child.h"

int main(void)
{
	struct rusage used;
	pid_t pid = child_with(1);
	int status;

	expect(wait4(pid, &status, 0, &used), "wait4(%d, [{WIFEXITED(s) && WEXITSTATUS(s) == 1}], 0, %p)", pid, (void *)&used);
	pid = child_with(2);
	expect(syscall(SYS_wait4, pid, &status, __WALL, NULL), "wait4(%d, [{WIFEXITED(s) && WEXITSTATUS(s) == 2}], __WALL, NULL)", pid);
	expect(wait4(pid, &status, WNOHANG, NULL), "wait4(%d, %p, WNOHANG, NULL)", pid, (void *)&status);
}
