// SPDX-License-Identifier: MIT
/* Two that are ready, none in time, and room for none. */
#include <sys/epoll.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	int epfd = (int)must(epoll_create1(0)), both = (int)must(epoll_create1(0));
	struct epoll_event events[4] = {{EPOLLIN, {.u64 = 1}}, {EPOLLOUT, {.u64 = 2}}};

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, ends.near, &events[0]));
	must(epoll_ctl(both, EPOLL_CTL_ADD, ends.near, &events[0]));
	must(epoll_ctl(both, EPOLL_CTL_ADD, ends.far, &events[1]));
	expect(epoll_wait(epfd, events, 4, 0), "epoll_wait(%d, [], 4, 0)", epfd);
	must(write(ends.far, "!", 1));
	expect(epoll_wait(epfd, events, 4, -1), "epoll_wait(%d, [{events=EPOLLIN, data=0x1}], 4, -1)", epfd);
	expect(epoll_wait(both, events, 4, 1000),
	       "epoll_wait(%d, [{events=EPOLLOUT, data=0x2}, {events=EPOLLIN, data=0x1}], 4, 1000)", both);
	expect(epoll_wait(epfd, events, 0, 0), "epoll_wait(%d, %p, 0, 0)", epfd, (void *)events);
}
