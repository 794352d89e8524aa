// SPDX-License-Identifier: MIT
/* The ends of children, by all its names; it cannot fail. */
#include "tests/samples/sample.h"

static void end_by_number(int status)
{
	syscall(SYS_exit_group, status);
}

static void end_with(void (*end)(int), int status)
{
	pid_t pid = (pid_t)must(fork());
	int found;

	if (!pid) {
		expect_text("?", "_exit(%d)", status);
		end(status);
	}
	must(waitpid(pid, &found, 0));
	must(WIFEXITED(found) && WEXITSTATUS(found) == status ? 0 : -1);
}

int main(void)
{
	end_with(_exit, 3);
	end_with(_Exit, 4);
	end_with(end_by_number, 5);
}
