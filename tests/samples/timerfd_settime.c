// SPDX-License-Identifier: MIT
/* Once, again and again in the place of that, and a time that cannot be. */
#include <sys/timerfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct itimerspec once = {{0, 0}, {1000, 0}}, often = {{2, 3}, {4, 5}}, wrong = {{0, 0}, {0, -1}}, before;
	int fd = (int)must(timerfd_create(CLOCK_MONOTONIC, 0)), result;

	expect(timerfd_settime(fd, 0, &once, NULL),
	       "timerfd_settime(%d, 0, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=1000, tv_nsec=0}}, NULL)",
	       fd);
	result = timerfd_settime(fd, TFD_TIMER_ABSTIME, &often, &before);
	expect(result,
	       "timerfd_settime(%d, TFD_TIMER_ABSTIME, {it_interval={tv_sec=2, tv_nsec=3}, it_value={tv_sec=4, "
	       "tv_nsec=5}}, "
	       "{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=%ld, tv_nsec=%ld}})",
	       fd, before.it_value.tv_sec, before.it_value.tv_nsec);
	expect(timerfd_settime(fd, 0, &wrong, NULL),
	       "timerfd_settime(%d, 0, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=-1}}, NULL)",
	       fd);
}
