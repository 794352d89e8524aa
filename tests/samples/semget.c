// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/sem.h>

int main(void)
{
	int id = semget(IPC_PRIVATE, 3, IPC_CREAT | IPC_EXCL | 0600);

	if (!(id >= 0))
		sample_skip("a semaphore set");
	expect(id, "semget(IPC_PRIVATE, 3, IPC_CREAT|IPC_EXCL|0600)");
	semctl(id, 0, IPC_RMID);
	semget(IPC_PRIVATE, -1, 0);
	expect(-1, "semget(IPC_PRIVATE, -1, 0)");
	return 0;
}
