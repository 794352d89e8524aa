// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/shm.h>

int main(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	sample_need(id >= 0, "a shared memory segment");
	void *address = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	shmdt(address);
	expect("shmdt(%p) = 0", address);
	shmdt(address);
	expect("shmdt(%p) = %s", address, failure());
	return 0;
}
