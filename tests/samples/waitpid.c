// SPDX-License-Identifier: MIT
/* A child, one that is not done, by its older name too, and none. */
#include <signal.h>

#include "tests/samples/sample.h"

pid_t __waitpid(pid_t pid, int *wstatus, int options);

int main(void)
{
	pid_t pid = (pid_t)must(fork());
	int status;

	if (!pid)
		for (;;)
			pause();
	expect(waitpid(pid, NULL, WNOHANG), "waitpid(%d, NULL, WNOHANG)", pid);
	must(kill(pid, SIGSTOP));
	expect(waitpid(pid, &status, WUNTRACED), "waitpid(%d, [{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}], WUNTRACED)", pid);
	must(kill(pid, SIGKILL));
	expect(__waitpid(-1, &status, 0), "waitpid(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], 0)");
	expect(waitpid(pid, &status, WNOHANG | WCONTINUED), "waitpid(%d, %p, WNOHANG|WCONTINUED)", pid,
	       (void *)&status);
}
