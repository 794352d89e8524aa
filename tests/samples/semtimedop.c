// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/sem.h>
#include <time.h>

int main(void)
{
	struct sembuf up = {0, 1, 0}, down = {0, -5, 0};
	struct timespec soon = {0, 1000000};
	int id = semget(IPC_PRIVATE, 1, 0600);

	if (!(id >= 0))
		sample_skip("a semaphore set");
	semtimedop(id, &up, 1, NULL);
	expect(0, "semtimedop(%d, [{sem_num=0, sem_op=1, sem_flg=0}], 1, NULL)", id);
	semtimedop(id, &down, 1, &soon);
	expect(-1, "semtimedop(%d, [{sem_num=0, sem_op=-5, sem_flg=0}], 1, {tv_sec=0, tv_nsec=1000000})", id);
	semctl(id, 0, IPC_RMID);
	return 0;
}
