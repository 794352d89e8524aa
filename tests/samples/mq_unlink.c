// SPDX-License-Identifier: MIT
/* A queue that is there, and then no more. */
#include <mqueue.h>

#include "tests/samples/sample.h"

int main(void)
{
	const char *name = own_name();

	if (mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL) < 0)
		sample_skip("no message queues");
	expect(mq_unlink(name), "mq_unlink(\"%s\")", name);
	expect(mq_unlink(name), "mq_unlink(\"%s\")", name);
}
