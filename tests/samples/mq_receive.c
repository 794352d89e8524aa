// SPDX-License-Identifier: MIT
/* With and without its priority, into too small a buffer, and from an empty queue. */
#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(O_NONBLOCK);
	char text[QUEUE_MESSAGE_SIZE];
	unsigned priority;

	must(mq_send(queue, "second", 6, 1));
	must(mq_send(queue, "first", 5, 9));
	expect(mq_receive(queue, text, 5, NULL), "mq_receive(%d, %p, 5, NULL)", queue, (void *)text);
	expect(mq_receive(queue, text, sizeof(text), &priority), "mq_receive(%d, \"first\", 16, [9])", queue);
	expect(mq_receive(queue, text, sizeof(text), NULL), "mq_receive(%d, \"second\", 16, NULL)", queue);
	expect(mq_receive(queue, text, sizeof(text), &priority), "mq_receive(%d, %p, 16, %p)", queue, (void *)text,
	       (void *)&priority);
}
