// SPDX-License-Identifier: MIT
/* A queue, and the same again. */
#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(0);

	expect(mq_close(queue), "mq_close(%d)", queue);
	expect(mq_close(queue), "mq_close(%d)", queue);
}
