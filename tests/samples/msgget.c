// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/msg.h>

int main(void)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0640);

	if (!(id >= 0))
		sample_skip("a message queue");
	expect(id, "msgget(IPC_PRIVATE, IPC_CREAT|0640)");
	msgctl(id, IPC_RMID, NULL);
	key_t key = 0x1b0000 + getpid();
	msgget(key, 0);
	expect(-1, "msgget(%#x, 0)", key);
	return 0;
}
