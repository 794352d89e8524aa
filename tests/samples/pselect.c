// SPDX-License-Identifier: MIT
/* With a limit of time and a set of signals, by number, and of what is not open. */
#include <signal.h>
#include <sys/select.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	struct timespec moment = {0, 1000};
	sigset_t mask;
	fd_set reading, writing;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	FD_ZERO(&reading);
	FD_SET(ends.near, &reading);
	writing = reading;
	expect(pselect(ends.near + 1, &reading, NULL, NULL, &moment, &mask),
	       "pselect(%d, [%d] => [], NULL, NULL, {tv_sec=0, tv_nsec=1000}, {signals=SIGINT})", ends.near + 1,
	       ends.near);
	expect(pselect(ends.near + 1, NULL, &writing, NULL, NULL, NULL), "pselect(%d, NULL, [%d], NULL, NULL, NULL)",
	       ends.near + 1, ends.near);
	must(close(ends.near));
	expect(pselect(ends.near + 1, NULL, &writing, NULL, NULL, NULL), "pselect(%d, NULL, [%d], NULL, NULL, NULL)",
	       ends.near + 1, ends.near);
}
