// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/shm.h>

int main(void)
{
	int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | SHM_NORESERVE | 0600);

	sample_need(id >= 0, "a shared memory segment");
	expect("shmget(IPC_PRIVATE, 8192, IPC_CREAT|SHM_NORESERVE|0600) = %d", id);
	shmctl(id, IPC_RMID, NULL);
	shmget(IPC_PRIVATE, 0, 0600);
	expect("shmget(IPC_PRIVATE, 0, 0600) = %s", failure());
	return 0;
}
