// SPDX-License-Identifier: MIT
/* A queue with a message in it, and none. */
#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(O_NONBLOCK);
	struct mq_attr attributes;

	must(mq_send(queue, "hello", 5, 4));
	expect(mq_getattr(queue, &attributes),
	       "mq_getattr(%d, {mq_flags=O_NONBLOCK, mq_maxmsg=2, mq_msgsize=16, mq_curmsgs=1})", queue);
	expect(mq_getattr(-1, &attributes), "mq_getattr(-1, %p)", (void *)&attributes);
}
