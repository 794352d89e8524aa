// SPDX-License-Identifier: MIT
#include "tests/samples/sample.h"

#include <sys/msg.h>

int main(void)
{
	struct msqid_ds state;
	int id = msgget(IPC_PRIVATE, 0600);

	if (!(id >= 0))
		sample_skip("a message queue");
	msgctl(id, IPC_STAT, &state);
	expect(0,
	       "msgctl(%d, IPC_STAT, {key=IPC_PRIVATE, uid=%u, gid=%u, cuid=%u, cgid=%u, mode=0600, seq=%u, "
	       "msg_stime=0, msg_rtime=0, "
	       "msg_ctime=%ld, msg_cbytes=0, msg_qnum=0, msg_qbytes=%lu, msg_lspid=0, msg_lrpid=0})",
	       id, getuid(), getgid(), getuid(), getgid(), state.msg_perm.__seq, state.msg_ctime, state.msg_qbytes);
	msgctl(id, IPC_RMID, NULL);
	expect(0, "msgctl(%d, IPC_RMID, NULL)", id);
	msgctl(id, IPC_STAT, &state);
	expect(-1, "msgctl(%d, IPC_STAT, %p)", id, (void *)&state);
	return 0;
}
