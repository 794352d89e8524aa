// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/shm.h>

int main(void)
{
	struct shmid_ds state;
	int id = shmget(IPC_PRIVATE, 5000, 0640);

	if (!(id >= 0))
		sample_skip("a shared memory segment");
	shmctl(id, IPC_STAT, &state);
	expect(0,
	       "shmctl(%d, IPC_STAT, {key=IPC_PRIVATE, uid=%u, gid=%u, cuid=%u, cgid=%u, mode=0640, seq=%u, "
	       "shm_segsz=5000, shm_atime=0, "
	       "shm_dtime=0, shm_ctime=%ld, shm_cpid=%d, shm_lpid=0, shm_nattch=0})",
	       id, getuid(), getgid(), getuid(), getgid(), state.shm_perm.__seq, state.shm_ctime, getpid());
	state.shm_perm.mode = 0600;
	shmctl(id, IPC_SET, &state);
	expect(0,
	       "shmctl(%d, IPC_SET, {key=IPC_PRIVATE, uid=%u, gid=%u, cuid=%u, cgid=%u, mode=0600, seq=%u, "
	       "shm_segsz=5000, shm_atime=0, "
	       "shm_dtime=0, shm_ctime=%ld, shm_cpid=%d, shm_lpid=0, shm_nattch=0})",
	       id, getuid(), getgid(), getuid(), getgid(), state.shm_perm.__seq, state.shm_ctime, getpid());
	shmctl(id, IPC_RMID, NULL);
	expect(0, "shmctl(%d, IPC_RMID, NULL)", id);
	shmctl(id, IPC_STAT, NULL);
	expect(-1, "shmctl(%d, IPC_STAT, NULL)", id);
	return 0;
}
