// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/msg.h>

int main(void)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0640);

	sample_need(id >= 0, "a message queue");
	expect("msgget(IPC_PRIVATE, IPC_CREAT|0640) = %d", id);
	msgctl(id, IPC_RMID, NULL);
	key_t key = 0x1b0000 + getpid();
	msgget(key, 0);
	expect("msgget(%#x, 0) = %s", key, failure());
	return 0;
}
