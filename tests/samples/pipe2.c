// SPDX-License-Identifier: MIT
/* With flags, without, and with one that there is not. */
#include "tests/samples/sample.h"

int main(void)
{
	int ends[2], result = pipe2(ends, O_NONBLOCK | O_CLOEXEC);

	expect(result, "pipe2([%d, %d], O_NONBLOCK|O_CLOEXEC)", ends[0], ends[1]);
	result = pipe2(ends, 0);
	expect(result, "pipe2([%d, %d], 0)", ends[0], ends[1]);
	expect(pipe2(ends, 1), "pipe2(%p, 0x1)", (void *)ends);
}
