// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/shm.h>

int main(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	sample_need(id >= 0, "a shared memory segment");
	void *address = shmat(id, NULL, SHM_RDONLY);
	expect("shmat(%d, NULL, SHM_RDONLY) = %p", id, address);
	shmat(id, (void *)1, 0);
	expect("shmat(%d, 0x1, 0) = %s", id, failure());
	shmctl(id, IPC_RMID, NULL);
	return 0;
}
