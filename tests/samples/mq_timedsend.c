// SPDX-License-Identifier: MIT
/* A message, and one that waits for room until a moment that is over. */
#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(0);
	struct timespec past = {1, 500};
	const char *text = "hello";

	expect(mq_timedsend(queue, text, 5, 7, &past), "mq_timedsend(%d, \"hello\", 5, 7, {tv_sec=1, tv_nsec=500})",
	       queue);
	expect(mq_timedsend(queue, text, 2, 1, NULL), "mq_timedsend(%d, \"he\", 2, 1, NULL)", queue);
	expect(mq_timedsend(queue, text, 5, 7, &past), "mq_timedsend(%d, %p, 5, 7, {tv_sec=1, tv_nsec=500})", queue,
	       (void *)text);
}
