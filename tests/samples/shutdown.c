// SPDX-License-Identifier: MIT
#include "sample.h"

int main(void)
{
	int pair[2];

	sample_pair(SOCK_STREAM, pair);
	shutdown(pair[0], SHUT_WR);
	expect("shutdown(%d, SHUT_WR) = 0", pair[0]);
	shutdown(pair[0], 3);
	expect("shutdown(%d, 3) = %s", pair[0], failure());
	return 0;
}
