// SPDX-License-Identifier: MIT
/* A child that is left to be waited for, any, and none. */
#include "tests/samples/child.h"

int main(void)
{
	pid_t pid = child_with(7);
	siginfo_t info;

	expect(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT),
	       "waitid(P_PID, %d, {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=%d, si_uid=%d, si_status=7}, "
	       "WEXITED|WNOWAIT)",
	       pid, pid, (int)getuid());
	expect(waitid(P_ALL, 0, NULL, WEXITED), "waitid(P_ALL, 0, NULL, WEXITED)");
	expect(waitid(P_ALL, 0, &info, WEXITED), "waitid(P_ALL, 0, %p, WEXITED)", (void *)&info);
}
