// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	int pair[2];

	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
	expect("socketpair(AF_UNIX, SOCK_SEQPACKET, 0, [%d, %d]) = 0", pair[0], pair[1]);
	socketpair(AF_INET, SOCK_STREAM, 0, pair);
	expect("socketpair(AF_INET, SOCK_STREAM, IPPROTO_IP, %p) = %s", (void *)pair, failure());
	return 0;
}
