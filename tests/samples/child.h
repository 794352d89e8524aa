// SPDX-License-Identifier: MIT
/*
 * Children for the samples of process calls. Those of fork, waitpid and _exit must not use it.
 */
#ifndef IPCTRACE_TESTS_CHILD_H
#define IPCTRACE_TESTS_CHILD_H

#include <signal.h>

#include "tests/samples/sample.h"

/* A child that ends at once with `status`; it is left to be waited for. */
static inline pid_t child_with(int status)
{
	pid_t pid = (pid_t)must(fork());

	if (!pid)
		_exit(status);
	return pid;
}

/* Runs `act` in a child and waits for its end. */
static inline void in_child(void (*act)(void))
{
	pid_t pid = (pid_t)must(fork());

	if (!pid) {
		act();
		_exit(0);
	}
	must(waitpid(pid, NULL, 0));
}

/* From here on no process can be made: EAGAIN. */
static inline void forbid_processes(void)
{
	const struct rlimit none = {0, 0};

	must(setrlimit(RLIMIT_NPROC, &none));
	if (getuid() == 0)
		must(setuid(65534)); /* whom the limit holds for */
}

#endif
