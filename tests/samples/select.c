// SPDX-License-Identifier: MIT
/* Sets before and after, the same, by its older name and by number, and of what is not open. */
#include <sys/select.h>

#include "tests/samples/sample.h"

int __select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout);

static fd_set *set_of(int first, int second)
{
	static fd_set set;

	FD_ZERO(&set);
	FD_SET(first, &set);
	FD_SET(second, &set);
	return &set;
}

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	struct timeval limit = {5, 0};
	int count = ends.far + 1, result;
	fd_set *set, writing;

	must(write(ends.far, "!", 1));
	result = select(count, set_of(ends.near, ends.far), NULL, NULL, &limit);
	expect(result, "select(%d, [%d %d] => [%d], NULL, NULL, {tv_sec=%ld, tv_usec=%ld})", count, ends.near, ends.far,
	       ends.near, limit.tv_sec, limit.tv_usec);
	FD_ZERO(&writing);
	FD_SET(ends.near, &writing);
	result = __select(count, NULL, &writing, set_of(ends.near, ends.far), NULL);
	expect(result, "select(%d, NULL, [%d], [%d %d] => [], NULL)", count, ends.near, ends.near, ends.far);
	expect(syscall(SYS_select, count, set_of(ends.near, ends.near), NULL, NULL, NULL),
	       "select(%d, [%d], NULL, NULL, NULL)", count, ends.near);
	limit = (struct timeval){0, 1};
	result = select(0, NULL, NULL, NULL, &limit);
	expect(result, "select(0, NULL, NULL, NULL, {tv_sec=0, tv_usec=0})");
	set = set_of(60, 60);
	expect(select(61, set, NULL, NULL, NULL), "select(61, [60], NULL, NULL, NULL)");
	expect(select(-1, set, NULL, NULL, NULL), "select(-1, %p, NULL, NULL, NULL)", (void *)set);
}
