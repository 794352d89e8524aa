// SPDX-License-Identifier: MIT
/* What is ready, by all its names, nothing in time, and what is not open. */
#include <poll.h>

#include "tests/samples/sample.h"

int __poll(struct pollfd *fds, nfds_t nfds, int timeout);
int __poll_chk(struct pollfd *fds, nfds_t nfds, int timeout, size_t fdslen);

int main(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	struct pollfd both[] = {{ends.near, POLLIN, 0}, {-1, POLLIN | POLLPRI, 0}},
		      writing = {ends.near, POLLOUT | POLLIN, 0};

	expect(poll(both, 1, 1), "poll([{fd=%d, events=POLLIN, revents=0}], 1, 1)", ends.near);
	must(write(ends.far, "!", 1));
	expect(poll(both, 2, -1),
	       "poll([{fd=%d, events=POLLIN, revents=POLLIN}, {fd=-1, events=POLLIN|POLLPRI, revents=0}], 2, -1)",
	       ends.near);
	expect(__poll(&writing, 1, 0), "poll([{fd=%d, events=POLLIN|POLLOUT, revents=POLLIN|POLLOUT}], 1, 0)",
	       ends.near);
	must(close(ends.far));
	expect(__poll_chk(&writing, 1, 0, sizeof(writing)),
	       "poll([{fd=%d, events=POLLIN|POLLOUT, revents=POLLIN|POLLOUT|POLLHUP}], 1, 0)", ends.near);
	expect(poll(NULL, 0, 0), "poll(NULL, 0, 0)");
	expect(poll(NULL, 1, 0), "poll(NULL, 1, 0)");
}
