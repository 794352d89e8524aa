// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/msg.h>

int main(void)
{
	struct {
		long type;
		char text[8];
	} message = {7, "payload"};
	int id = msgget(IPC_PRIVATE, 0600);

	sample_need(id >= 0, "a message queue");
	msgsnd(id, &message, 8, IPC_NOWAIT);
	expect("msgsnd(%d, {mtype=7, mtext=\"payload\\0\"}, 8, IPC_NOWAIT) = 0", id);
	msgctl(id, IPC_RMID, NULL);
	msgsnd(id, &message, 8, 0);
	expect("msgsnd(%d, %p, 8, 0) = %s", id, (void *)&message, failure());
	return 0;
}
