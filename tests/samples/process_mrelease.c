// SPDX-License-Identifier: MIT
/* The memory of a killed process that has had no time to end yet, and that of a living one. */
#include <sched.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	cpu_set_t here;
	pid_t child;
	int fd;

	/* on one processor the child does not run before the parent waits */
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	must(sched_setaffinity(0, sizeof(here), &here));
	child = (pid_t)must(fork());
	if (!child)
		for (;;)
			pause();
	fd = (int)must(pidfd_open(child, 0));
	expect(process_mrelease(fd, 0), "process_mrelease(%d, 0)", fd);
	must(kill(child, SIGKILL));
	expect(process_mrelease(fd, 0), "process_mrelease(%d, 0)", fd);
	must(waitpid(child, NULL, 0));
	expect(process_mrelease(fd, 1), "process_mrelease(%d, 0x1)", fd);
}
