// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	static char large[1000];
	int pair[2];

	sample_pair(SOCK_STREAM, pair);
	send(pair[0], "PING\r\n", 6, MSG_DONTWAIT | MSG_NOSIGNAL);
	expect("send(%d, \"PING\\r\\n\", 6, MSG_DONTWAIT|MSG_NOSIGNAL) = 6", pair[0]);
	memset(large, 'x', sizeof(large));
	send(pair[0], large, sizeof(large), 0);
	expect("send(%d, \"%.64s\"..., 1000, 0) = 1000", pair[0], large);
	send(-1, large, 1, 0);
	expect("send(-1, %p, 1, 0) = %s", (void *)large, failure());
	return 0;
}
