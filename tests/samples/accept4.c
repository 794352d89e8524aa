// SPDX-License-Identifier: MIT
/* A connection taken with flags, one by number, and none there. */
#include <sys/un.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "listener"}, peer;
	int listener = (int)must(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	socklen_t size = sizeof(peer);

	must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 5));
	for (int i = 0; i < 2; i++)
		must(connect((int)must(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&address, sizeof(address)));
	expect(accept4(listener, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK),
	       "accept4(%d, {sa_family=AF_UNIX}, [110] => [2], SOCK_NONBLOCK|SOCK_CLOEXEC)", listener);
	expect(syscall(SYS_accept4, listener, NULL, NULL, 0), "accept4(%d, NULL, NULL, 0)", listener);
	expect(accept4(listener, NULL, NULL, 0), "accept4(%d, NULL, NULL, 0)", listener);
	expect(accept4(listener, NULL, NULL, 1), "accept4(%d, NULL, NULL, 0x1)", listener);
}
