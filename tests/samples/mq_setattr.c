// SPDX-License-Identifier: MIT
/* The one flag there is, set and seen, and others. */
#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(0);
	struct mq_attr silent = {.mq_flags = O_NONBLOCK}, wrong = {.mq_flags = 1}, before;

	expect(mq_setattr(queue, &silent, &before),
	       "mq_setattr(%d, {mq_flags=O_NONBLOCK, mq_maxmsg=0, mq_msgsize=0, mq_curmsgs=0}, "
	       "{mq_flags=0, mq_maxmsg=2, mq_msgsize=16, mq_curmsgs=0})",
	       queue);
	expect(mq_setattr(queue, &wrong, NULL),
	       "mq_setattr(%d, {mq_flags=0x1, mq_maxmsg=0, mq_msgsize=0, mq_curmsgs=0}, NULL)", queue);
}
