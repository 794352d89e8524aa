// SPDX-License-Identifier: MIT
/* Options with one argument, none and a text; by number too; and one that there is not. */
#include <sys/prctl.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(prctl(PR_SET_NAME, "a name"), "prctl(PR_SET_NAME, \"a name\")");
	expect(prctl(PR_SET_DUMPABLE, 1), "prctl(PR_SET_DUMPABLE, 1)");
	expect(prctl(PR_GET_DUMPABLE), "prctl(PR_GET_DUMPABLE)");
	expect(syscall(SYS_prctl, PR_SET_PDEATHSIG, 0), "prctl(PR_SET_PDEATHSIG, 0)");
	expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS, 1)");
	expect(prctl(PR_CAPBSET_READ, 21, 0xdead, 0xbeef, 0xf00d), "prctl(PR_CAPBSET_READ, 21)");
	expect(prctl(PR_SET_SECCOMP, 77, 0xdead, 0xbeef, 0xf00d), "prctl(PR_SET_SECCOMP, 77, 0xdead)");
	expect(prctl(12345, 1, 2, 3, 4), "prctl(12345, 0x1, 0x2, 0x3, 0x4)");
}
