// SPDX-License-Identifier: MIT
/* A message, and none until a moment that is over. */
#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(0);
	struct timespec past = {2, 0};
	char text[QUEUE_MESSAGE_SIZE];
	unsigned priority;

	must(mq_send(queue, "hello", 5, 4));
	expect(mq_timedreceive(queue, text, sizeof(text), &priority, &past),
	       "mq_timedreceive(%d, \"hello\", 16, [4], {tv_sec=2, tv_nsec=0})", queue);
	expect(mq_timedreceive(queue, text, sizeof(text), NULL, &past),
	       "mq_timedreceive(%d, %p, 16, NULL, {tv_sec=2, tv_nsec=0})", queue, (void *)text);
}
