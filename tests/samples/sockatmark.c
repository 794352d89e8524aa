// SPDX-License-Identifier: MIT
/* Before and at an urgent byte; of what is no socket. */
#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_in address;
	int listener = socket_on_loopback(SOCK_STREAM, &address), near = (int)must(socket(AF_INET, SOCK_STREAM, 0)),
	    far;
	char byte;

	must(listen(listener, 1));
	must(connect(near, (struct sockaddr *)&address, sizeof(address)));
	far = (int)must(accept(listener, NULL, NULL));
	must(send(near, "a", 1, 0));
	must(send(near, "!", 1, MSG_OOB));
	expect(sockatmark(far), "sockatmark(%d)", far);
	must(recv(far, &byte, 1, 0));
	expect(sockatmark(far), "sockatmark(%d)", far);
	expect(sockatmark(-1), "sockatmark(-1)");
}
