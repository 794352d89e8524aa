// SPDX-License-Identifier: MIT
/* One, and no descriptor left for another. */
#include <sys/inotify.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(inotify_init(), "inotify_init()");
	forbid_descriptors();
	expect(inotify_init(), "inotify_init()");
}
