// SPDX-License-Identifier: MIT
/* What is in one pipe also into another, and nothing into itself. */
#include "tests/samples/sample.h"

int main(void)
{
	int from[2], to[2];

	must(pipe(from));
	must(pipe(to));
	must(write(from[1], "hello", 5));
	expect(tee(from[0], to[1], 100, SPLICE_F_NONBLOCK), "tee(%d, %d, 100, SPLICE_F_NONBLOCK)", from[0], to[1]);
	expect(tee(from[0], from[1], 100, 0), "tee(%d, %d, 100, 0)", from[0], from[1]);
}
