// SPDX-License-Identifier: MIT
/* A message, one too long, and one for which there is no room. */
#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(O_NONBLOCK);
	const char *text = "a message that is too long";

	expect(mq_send(queue, "hello\n", 6, 3), "mq_send(%d, \"hello\\n\", 6, 3)", queue);
	expect(mq_send(queue, text, 26, 0), "mq_send(%d, %p, 26, 0)", queue, (void *)text);
	expect(mq_send(queue, "", 0, 0), "mq_send(%d, \"\", 0, 0)", queue);
	expect(mq_send(queue, text, 1, 0), "mq_send(%d, %p, 1, 0)", queue, (void *)text);
}
