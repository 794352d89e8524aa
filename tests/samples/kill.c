// SPDX-License-Identifier: MIT
/* A signal that is not heard, none at all, and nobody to hear it. */
#include <signal.h>

#include "tests/samples/sample.h"

int main(void)
{
	must(signal(SIGUSR1, SIG_IGN) == SIG_ERR ? -1 : 0);
	expect(kill(getpid(), SIGUSR1), "kill(%d, SIGUSR1)", getpid());
	expect(kill(getpid(), 0), "kill(%d, 0)", getpid());
	expect(kill(0x7ffffffe, SIGTERM), "kill(2147483646, SIGTERM)");
	expect(kill(getpid(), 99), "kill(%d, 99)", getpid());
}
