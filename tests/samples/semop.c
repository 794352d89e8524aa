// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/sem.h>

int main(void)
{
	struct sembuf operations[2] = {{0, 2, SEM_UNDO}, {1, 1, 0}}, down = {1, -9, IPC_NOWAIT};
	int id = semget(IPC_PRIVATE, 2, 0600);

	if (!(id >= 0))
		sample_skip("a semaphore set");
	semop(id, operations, 2);
	expect(0, "semop(%d, [{sem_num=0, sem_op=2, sem_flg=SEM_UNDO}, {sem_num=1, sem_op=1, sem_flg=0}], 2)", id);
	semop(id, &down, 1);
	expect(-1, "semop(%d, [{sem_num=1, sem_op=-9, sem_flg=IPC_NOWAIT}], 1)", id);
	semctl(id, 0, IPC_RMID);
	return 0;
}
