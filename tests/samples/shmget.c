// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/shm.h>

int main(void)
{
	int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | SHM_NORESERVE | 0600);

	if (!(id >= 0))
		sample_skip("a shared memory segment");
	expect(id, "shmget(IPC_PRIVATE, 8192, IPC_CREAT|SHM_NORESERVE|0600)");
	shmctl(id, IPC_RMID, NULL);
	shmget(IPC_PRIVATE, 0, 0600);
	expect(-1, "shmget(IPC_PRIVATE, 0, 0600)");
	return 0;
}
