// SPDX-License-Identifier: MIT
/* A pipe, by its older name too, and nowhere to put it. */
#include "tests/samples/sample.h"

int __pipe(int pipefd[2]);

int main(void)
{
	int ends[2], result = pipe(ends);

	expect(result, "pipe([%d, %d])", ends[0], ends[1]);
	result = __pipe(ends);
	expect(result, "pipe([%d, %d])", ends[0], ends[1]);
	expect(pipe(NULL), "pipe(NULL)");
}
