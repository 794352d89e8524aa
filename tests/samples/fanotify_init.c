// SPDX-License-Identifier: MIT
/* For those who may, and flags that there are not. */
#include <sys/fanotify.h>

#include "tests/samples/sample.h"

int main(void)
{
	expect(fanotify_init(FAN_CLOEXEC | FAN_CLASS_CONTENT, O_RDONLY | O_CLOEXEC),
	       "fanotify_init(FAN_CLOEXEC|FAN_CLASS_CONTENT, O_RDONLY|O_CLOEXEC)");
	expect(fanotify_init(FAN_CLASS_NOTIF | 0x80000000, O_WRONLY), "fanotify_init(0x80000000, O_WRONLY)");
}
