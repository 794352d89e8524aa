// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	char buffer[16];
	int pair[2];

	sample_pair(SOCK_STREAM, pair);
	send(pair[0], "a\0b\377", 4, 0);
	recv(pair[1], buffer, sizeof(buffer), MSG_PEEK);
	expect("recv(%d, \"a\\0b\\377\", 16, MSG_PEEK) = 4", pair[1]);
	recv(pair[1], buffer, 2, 0);
	expect("recv(%d, \"a\\0\", 2, 0) = 2", pair[1]);
	recv(pair[0], buffer, sizeof(buffer), MSG_DONTWAIT);
	expect("recv(%d, %p, 16, MSG_DONTWAIT) = %s", pair[0], (void *)buffer, failure());
	shutdown(pair[0], SHUT_WR);
	recv(pair[1], buffer, 2, 0);
	expect("recv(%d, \"b\\377\", 2, 0) = 2", pair[1]);
	recv(pair[1], buffer, 2, 0);
	expect("recv(%d, \"\", 2, 0) = 0", pair[1]);
	return 0;
}
