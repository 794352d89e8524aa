// SPDX-License-Identifier: MIT
/* To an address, to the peer, and to no address at all. */
#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_in address;
	struct ends ends = pair_of(SOCK_DGRAM);
	int far = socket_on_loopback(SOCK_DGRAM, &address), near = (int)must(socket(AF_INET, SOCK_DGRAM, 0));
	const char *text = "hello";

	expect(sendto(near, text, 5, 0, (struct sockaddr *)&address, sizeof(address)),
	       "sendto(%d, \"hello\", 5, 0, %s, 16)", near, address_text(&address));
	expect(syscall(SYS_sendto, ends.near, text, 2, MSG_EOR, NULL, 0), "sendto(%d, \"he\", 2, MSG_EOR, NULL, 0)",
	       ends.near);
	expect(sendto(near, text, 5, 0, NULL, 0), "sendto(%d, %p, 5, 0, NULL, 0)", near, (void *)text);
	address.sin_port = 0;
	expect(sendto(near, text, 5, 0, (struct sockaddr *)&address, sizeof(address)), "sendto(%d, %p, 5, 0, %s, 16)",
	       near, (void *)text, address_text(&address));
	must(close(far));
}
