// SPDX-License-Identifier: MIT
/* Children by all its names, and none when there may be no more. */
#include "tests/samples/child.h"

pid_t __fork(void);

static void fork_and_end(pid_t (*make)(void))
{
	pid_t pid = make();

	if (!pid)
		_exit(0);
	expect(pid, "fork()");
	must(waitpid(pid, NULL, 0));
}

int main(void)
{
	fork_and_end(fork);
	fork_and_end(__fork);
	fork_and_end(_Fork);
	forbid_processes();
	expect(fork(), "fork()");
}
