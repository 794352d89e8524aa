// SPDX-License-Identifier: MIT
/* By a signal, which only one can ask for, in no way, and no more. */
#include <signal.h>

#include "tests/samples/queue.h"

int main(void)
{
	mqd_t queue = queue_new(0);
	struct sigevent signal = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = &queue};
	struct sigevent silence = {.sigev_notify = SIGEV_NONE};

	expect(mq_notify(queue, &signal),
	       "mq_notify(%d, {sigev_notify=SIGEV_SIGNAL, sigev_signo=SIGUSR1, sigev_value=%p})", queue,
	       (void *)&queue);
	expect(mq_notify(queue, &silence), "mq_notify(%d, {sigev_notify=SIGEV_NONE, sigev_signo=0, sigev_value=NULL})",
	       queue);
	expect(mq_notify(queue, NULL), "mq_notify(%d, NULL)", queue);
}
