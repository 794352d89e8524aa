// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/sem.h>

int main(void)
{
	unsigned short values[2] = {3, 4};
	struct semid_ds state;
	int id = semget(IPC_PRIVATE, 2, 0600);

	sample_need(id >= 0, "a semaphore set");
	semctl(id, 1, SETVAL, 5);
	expect("semctl(%d, 1, SETVAL, 5) = 0", id);
	expect("semctl(%d, 1, GETVAL) = %d", id, semctl(id, 1, GETVAL));
	semctl(id, 0, SETALL, values);
	expect("semctl(%d, 0, SETALL, %p) = 0", id, (void *)values);
	semctl(id, 0, IPC_STAT, &state);
	expect("semctl(%d, 0, IPC_STAT, {key=IPC_PRIVATE, uid=%u, gid=%u, mode=0600, sem_otime=0, sem_ctime=%ld, "
	       "sem_nsems=2}) = 0",
	       id, getuid(), getgid(), state.sem_ctime);
	semctl(id, 7, SETVAL, 1);
	expect("semctl(%d, 7, SETVAL, 1) = %s", id, failure());
	semctl(id, 0, IPC_RMID);
	expect("semctl(%d, 0, IPC_RMID) = 0", id);
	return 0;
}
