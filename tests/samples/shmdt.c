// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/shm.h>

int main(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	if (!(id >= 0))
		sample_skip("a shared memory segment");
	void *address = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	shmdt(address);
	expect(0, "shmdt(%p)", address);
	shmdt(address);
	expect(-1, "shmdt(%p)", address);
	return 0;
}
