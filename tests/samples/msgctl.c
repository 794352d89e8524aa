// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/msg.h>

int main(void)
{
	struct msqid_ds state;
	int id = msgget(IPC_PRIVATE, 0600);

	sample_need(id >= 0, "a message queue");
	msgctl(id, IPC_STAT, &state);
	expect("msgctl(%d, IPC_STAT, {key=IPC_PRIVATE, uid=%u, gid=%u, mode=0600, msg_stime=0, msg_rtime=0, "
	       "msg_ctime=%ld, "
	       "msg_cbytes=0, msg_qnum=0, msg_qbytes=%lu, msg_lspid=0, msg_lrpid=0}) = 0",
	       id, getuid(), getgid(), state.msg_ctime, state.msg_qbytes);
	msgctl(id, IPC_RMID, NULL);
	expect("msgctl(%d, IPC_RMID, NULL) = 0", id);
	msgctl(id, IPC_STAT, &state);
	expect("msgctl(%d, IPC_STAT, %p) = %s", id, (void *)&state, failure());
	return 0;
}
