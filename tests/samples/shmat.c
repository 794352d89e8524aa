// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/shm.h>

int main(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	if (!(id >= 0))
		sample_skip("a shared memory segment");
	void *address = shmat(id, NULL, SHM_RDONLY);
	expect_address(address, "shmat(%d, NULL, SHM_RDONLY)", id);
	shmat(id, (void *)1, 0);
	expect(-1, "shmat(%d, 0x1, 0)", id);
	shmctl(id, IPC_RMID, NULL);
	return 0;
}
