// SPDX-License-Identifier: MIT
/* Added, changed, taken out with whatever as its event, and all that on nothing. */
#include <sys/epoll.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	int epfd = (int)must(epoll_create1(0));
	struct epoll_event event = {EPOLLIN | EPOLLRDHUP | EPOLLET, {.u64 = 0x1234}};

	expect(epoll_ctl(epfd, EPOLL_CTL_ADD, ends.near, &event),
	       "epoll_ctl(%d, EPOLL_CTL_ADD, %d, {events=EPOLLIN|EPOLLRDHUP|EPOLLET, data=0x1234})", epfd, ends.near);
	event.events = 0;
	expect(epoll_ctl(epfd, EPOLL_CTL_MOD, ends.near, &event),
	       "epoll_ctl(%d, EPOLL_CTL_MOD, %d, {events=0, data=0x1234})", epfd, ends.near);
	expect(epoll_ctl(epfd, EPOLL_CTL_DEL, ends.near, (void *)8), "epoll_ctl(%d, EPOLL_CTL_DEL, %d, 0x8)", epfd,
	       ends.near);
	expect(epoll_ctl(epfd, EPOLL_CTL_DEL, ends.near, NULL), "epoll_ctl(%d, EPOLL_CTL_DEL, %d, NULL)", epfd,
	       ends.near);
	expect(epoll_ctl(epfd, EPOLL_CTL_ADD, -1, &event), "epoll_ctl(%d, EPOLL_CTL_ADD, -1, {events=0, data=0x1234})",
	       epfd);
	expect(epoll_ctl(epfd, 9, ends.near, &event), "epoll_ctl(%d, 9, %d, %p)", epfd, ends.near, (void *)&event);
}
