// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/sem.h>

int main(void)
{
	unsigned short values[2] = {3, 4};
	struct semid_ds state;
	int id = semget(IPC_PRIVATE, 2, 0600);

	if (!(id >= 0))
		sample_skip("a semaphore set");
	semctl(id, 1, SETVAL, 5);
	expect(0, "semctl(%d, 1, SETVAL, 5)", id);
	expect(semctl(id, 1, GETVAL), "semctl(%d, 1, GETVAL)", id);
	semctl(id, 0, SETALL, values);
	expect(0, "semctl(%d, 0, SETALL, %p)", id, (void *)values);
	semctl(id, 0, IPC_STAT, &state);
	expect(0,
	       "semctl(%d, 0, IPC_STAT, {key=IPC_PRIVATE, uid=%u, gid=%u, cuid=%u, cgid=%u, mode=0600, seq=%u, "
	       "sem_otime=0, sem_ctime=%ld, "
	       "sem_nsems=2})",
	       id, getuid(), getgid(), getuid(), getgid(), state.sem_perm.__seq, state.sem_ctime);
	semctl(id, 7, SETVAL, 1);
	expect(-1, "semctl(%d, 7, SETVAL, 1)", id);
	semctl(id, 0, IPC_RMID);
	expect(0, "semctl(%d, 0, IPC_RMID)", id);
	return 0;
}
