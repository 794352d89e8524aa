// SPDX-License-Identifier: MIT
/* With a limit of time and a set of signals, by both names, and a time that cannot be. */
#include <poll.h>
#include <signal.h>

#include "tests/samples/sample.h"

int __ppoll_chk(struct pollfd *fds, nfds_t nfds, const struct timespec *tmo_p, const sigset_t *sigmask, size_t fdslen);

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	struct pollfd one = {ends.near, POLLRDNORM, 0};
	struct timespec moment = {0, 1000}, wrong = {0, -1};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGTERM);
	expect(ppoll(&one, 1, &moment, &mask),
	       "ppoll([{fd=%d, events=POLLRDNORM, revents=0}], 1, {tv_sec=0, tv_nsec=1000}, {signals=SIGUSR1|SIGTERM})",
	       ends.near);
	must(write(ends.far, "!", 1));
	expect(__ppoll_chk(&one, 1, NULL, NULL, sizeof(one)),
	       "ppoll([{fd=%d, events=POLLRDNORM, revents=POLLRDNORM}], 1, NULL, NULL)", ends.near);
	expect(ppoll(&one, 1, &wrong, NULL),
	       "ppoll([{fd=%d, events=POLLRDNORM, revents=POLLRDNORM}], 1, {tv_sec=0, tv_nsec=-1}, NULL)", ends.near);
}
