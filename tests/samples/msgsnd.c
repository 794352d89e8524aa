// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/msg.h>

int main(void)
{
	struct {
		long type;
		char text[8];
	} message = {7, "payload"};
	int id = msgget(IPC_PRIVATE, 0600);

	if (!(id >= 0))
		sample_skip("a message queue");
	msgsnd(id, &message, 8, IPC_NOWAIT);
	expect(0, "msgsnd(%d, {mtype=7, mtext=\"payload\\0\"}, 8, IPC_NOWAIT)", id);
	msgctl(id, IPC_RMID, NULL);
	msgsnd(id, &message, 8, 0);
	expect(-1, "msgsnd(%d, %p, 8, 0)", id, (void *)&message);
	return 0;
}
