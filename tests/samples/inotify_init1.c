// SPDX-License-Identifier: MIT
/* With flags, and with one that there is not. */
#include <sys/inotify.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1(IN_CLOEXEC|IN_NONBLOCK)");
	expect(inotify_init1(1), "inotify_init1(0x1)");
}
