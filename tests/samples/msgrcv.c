// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/msg.h>

int main(void)
{
	struct {
		long type;
		char text[8];
	} message = {7, "abc"};
	int id = msgget(IPC_PRIVATE, 0600);

	if (!(id >= 0 && !msgsnd(id, &message, 3, 0)))
		sample_skip("a queue with a message");
	msgrcv(id, &message, sizeof(message.text), -10, MSG_NOERROR);
	expect(3, "msgrcv(%d, {mtype=7, mtext=\"abc\"}, 8, -10, MSG_NOERROR)", id);
	msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT);
	expect(-1, "msgrcv(%d, %p, 8, 0, IPC_NOWAIT)", id, (void *)&message);
	msgctl(id, IPC_RMID, NULL);
	return 0;
}
