// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/msg.h>

int main(void)
{
	struct {
		long type;
		char text[8];
	} message = {7, "abc"};
	int id = msgget(IPC_PRIVATE, 0600);

	sample_need(id >= 0 && !msgsnd(id, &message, 3, 0), "a queue with a message");
	msgrcv(id, &message, sizeof(message.text), -10, MSG_NOERROR);
	expect("msgrcv(%d, {mtype=7, mtext=\"abc\"}, 8, -10, MSG_NOERROR) = 3", id);
	msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT);
	expect("msgrcv(%d, %p, 8, 0, IPC_NOWAIT) = %s", id, (void *)&message, failure());
	msgctl(id, IPC_RMID, NULL);
	return 0;
}
