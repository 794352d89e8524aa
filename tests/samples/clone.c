// SPDX-License-Identifier: MIT
/* Children with memory of their own and with this one's, and flags that contradict each other; by both names. */
#include <sched.h>
#include <signal.h>

#include "tests/samples/sample.h"

int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);

static char stack[1 << 16];

static int run(void *arg)
{
	_exit(0);
}

int main(void)
{
	void *top = stack + sizeof(stack);
	pid_t known = -1, pid = clone(run, top, SIGCHLD, &known);

	expect(pid, "clone(%p, %p, SIGCHLD, %p)", (void *)run, top, (void *)&known);
	must(waitpid(pid, NULL, 0));
	pid = __clone(run, top, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	expect(pid, "clone(%p, %p, SIGCHLD|CLONE_VM|CLONE_VFORK, NULL)", (void *)run, top);
	must(waitpid(pid, NULL, 0));
	pid = clone(run, top, CLONE_PARENT_SETTID | SIGCHLD, NULL, &known);
	expect(pid, "clone(%p, %p, SIGCHLD|CLONE_PARENT_SETTID, NULL, %p)", (void *)run, top, (void *)&known);
	must(waitpid(pid, NULL, 0));
	expect(clone(run, top, CLONE_THREAD, NULL), "clone(%p, %p, CLONE_THREAD, NULL)", (void *)run, top);
}
