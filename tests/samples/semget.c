// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/sem.h>

int main(void)
{
	int id = semget(IPC_PRIVATE, 3, IPC_CREAT | IPC_EXCL | 0600);

	sample_need(id >= 0, "a semaphore set");
	expect("semget(IPC_PRIVATE, 3, IPC_CREAT|IPC_EXCL|0600) = %d", id);
	semctl(id, 0, IPC_RMID);
	semget(IPC_PRIVATE, -1, 0);
	expect("semget(IPC_PRIVATE, -1, 0) = %s", failure());
	return 0;
}
