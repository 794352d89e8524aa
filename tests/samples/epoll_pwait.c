// SPDX-License-Identifier: MIT
/* With a set of signals, with none, and on what is no epoll. */
#include <signal.h>
#include <sys/epoll.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	int epfd = (int)must(epoll_create1(0));
	struct epoll_event event = {EPOLLOUT, {.u64 = 7}};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	must(epoll_ctl(epfd, EPOLL_CTL_ADD, ends.near, &event));
	expect(epoll_pwait(epfd, &event, 1, -1, &mask),
	       "epoll_pwait(%d, [{events=EPOLLOUT, data=0x7}], 1, -1, {signals=SIGHUP})", epfd);
	expect(epoll_pwait(epfd, &event, 1, 0, NULL), "epoll_pwait(%d, [{events=EPOLLOUT, data=0x7}], 1, 0, NULL)",
	       epfd);
	expect(epoll_pwait(ends.near, &event, 1, 0, NULL), "epoll_pwait(%d, %p, 1, 0, NULL)", ends.near,
	       (void *)&event);
}
