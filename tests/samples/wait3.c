// SPDX-License-Identifier: MIT
/* Any child with what it used, and none. */
#include "tests/samples/child.h"

int main(void)
{
	struct rusage used;
	int status;

	child_with(1);
	expect(wait3(&status, 0, &used), "wait3([{WIFEXITED(s) && WEXITSTATUS(s) == 1}], 0, %p)", (void *)&used);
	expect(wait3(NULL, WNOHANG, NULL), "wait3(NULL, WNOHANG, NULL)");
}
