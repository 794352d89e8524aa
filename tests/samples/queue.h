// SPDX-License-Identifier: MIT
/*
 * A POSIX message queue for the samples of its calls. It must not be used by the samples of mq_open and mq_unlink.
 */
#ifndef IPCTRACE_TESTS_QUEUE_H
#define IPCTRACE_TESTS_QUEUE_H

#include <mqueue.h>

#include "tests/samples/sample.h"

#define QUEUE_MESSAGE_SIZE 16

/* A queue for two messages, without a name. */
static inline mqd_t queue_new(int flags)
{
	struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = QUEUE_MESSAGE_SIZE};
	mqd_t queue = mq_open(own_name(), O_RDWR | O_CREAT | O_EXCL | flags, 0600, &attributes);

	if (queue < 0)
		sample_skip("no message queues");
	must(mq_unlink(own_name()));
	return queue;
}

#endif
