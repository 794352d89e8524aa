// SPDX-License-Identifier: MIT
/* A signal that is not heard, by its older name too, and one that there is not. */
#include <signal.h>

#include "tests/samples/sample.h"

int gsignal(int sig);

int main(void)
{
	must(signal(SIGUSR2, SIG_IGN) == SIG_ERR ? -1 : 0);
	expect(raise(SIGUSR2), "raise(SIGUSR2)");
	expect(gsignal(SIGUSR2), "raise(SIGUSR2)");
	expect(raise(99), "raise(99)");
}
