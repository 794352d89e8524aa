// SPDX-License-Identifier: MIT
/* Both ends of a terminal of a size, and no descriptor left for another. */
#include <pty.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct termios attributes = {0};
	int near, far, result = openpty(&near, &far, NULL, NULL, &size);

	if (result < 0)
		sample_skip("no terminals");
	expect(result, "openpty([%d], [%d], NULL, {ws_row=24, ws_col=80})", near, far);
	forbid_descriptors();
	expect(openpty(&near, &far, NULL, &attributes, NULL), "openpty(%p, %p, %p, NULL)", (void *)&near, (void *)&far,
	       (void *)&attributes);
}
