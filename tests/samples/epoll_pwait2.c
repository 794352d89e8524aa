// SPDX-License-Identifier: MIT
/* With a limit of time in nanoseconds, without, and one that cannot be. */
#include <signal.h>
#include <sys/epoll.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	int epfd = (int)must(epoll_create1(0));
	struct epoll_event event = {EPOLLIN, {.u64 = 7}};
	struct timespec moment = {0, 1000}, wrong = {-1, 0};
	sigset_t mask;

	sigemptyset(&mask);
	must(epoll_ctl(epfd, EPOLL_CTL_ADD, ends.near, &event));
	expect(epoll_pwait2(epfd, &event, 1, &moment, &mask),
	       "epoll_pwait2(%d, [], 1, {tv_sec=0, tv_nsec=1000}, {signals=0})", epfd);
	must(write(ends.far, "!", 1));
	expect(epoll_pwait2(epfd, &event, 1, NULL, NULL),
	       "epoll_pwait2(%d, [{events=EPOLLIN, data=0x7}], 1, NULL, NULL)", epfd);
	expect(epoll_pwait2(epfd, &event, 1, &wrong, NULL), "epoll_pwait2(%d, %p, 1, {tv_sec=-1, tv_nsec=0}, NULL)",
	       epfd, (void *)&event);
}
