// SPDX-License-Identifier: MIT
/* A name that fits, one that does not, and no socket. */
#include <sys/un.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_in address = loopback(0), found;
	struct sockaddr_un bound = {.sun_family = AF_UNIX, .sun_path = "socket"}, cut;
	int inet = (int)must(socket(AF_INET, SOCK_STREAM, 0)), local = (int)must(socket(AF_UNIX, SOCK_STREAM, 0));
	socklen_t size = sizeof(found), small = 5;

	must(bind(inet, (struct sockaddr *)&address, sizeof(address)));
	must(bind(local, (struct sockaddr *)&bound, sizeof(bound)));
	must(getsockname(inet, (struct sockaddr *)&found, &size));
	expect(0, "getsockname(%d, %s, [16])", inet, address_text(&found));
	expect(getsockname(local, (struct sockaddr *)&cut, &small),
	       "getsockname(%d, {sa_family=AF_UNIX, sun_path=\"soc\"}, [5] => [9])", local);
	expect(getsockname(-1, (struct sockaddr *)&found, &size), "getsockname(-1, %p, [16])", (void *)&found);
}
