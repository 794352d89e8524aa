// SPDX-License-Identifier: MIT
/* What is left of a timer, and of what is none. */
#include <sys/timerfd.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct itimerspec time = {{7, 8}, {1000, 0}}, left;
	int fd = (int)must(timerfd_create(CLOCK_MONOTONIC, 0)), result;

	must(timerfd_settime(fd, 0, &time, NULL));
	result = timerfd_gettime(fd, &left);
	expect(result, "timerfd_gettime(%d, {it_interval={tv_sec=7, tv_nsec=8}, it_value={tv_sec=%ld, tv_nsec=%ld}})",
	       fd, left.it_value.tv_sec, left.it_value.tv_nsec);
	expect(timerfd_gettime(0, &left), "timerfd_gettime(0, %p)", (void *)&left);
}
