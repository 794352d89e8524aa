// SPDX-License-Identifier: MIT
/* Any child, by its older name too, and none. */
#include "tests/samples/child.h"

pid_t __wait(int *wstatus);

int main(void)
{
	pid_t pid = child_with(3);
	int status;

	expect(wait(&status), "wait([{WIFEXITED(s) && WEXITSTATUS(s) == 3}])");
	must(pid);
	child_with(0);
	expect(__wait(NULL), "wait(NULL)");
	expect(wait(&status), "wait(%p)", (void *)&status);
}
