// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/uio.h>

int main(void)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec vector[2] = {{(char[]){"abc"}, 3}, {(char[]){"defg"}, 4}};
	struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
	int pair[2], passed = STDIN_FILENO;

	sample_pair(SOCK_STREAM, pair);
	sendmsg(pair[0], &message, MSG_NOSIGNAL);
	expect("sendmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"abc\", iov_len=3}, {iov_base=\"defg\", iov_len=4}]}, "
	       "MSG_NOSIGNAL) = 7",
	       pair[0]);
	memcpy(CMSG_DATA(&control.head), &passed, sizeof(passed));
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	message.msg_iovlen = 1;
	sendmsg(pair[0], &message, 0);
	expect("sendmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"abc\", iov_len=3}], msg_control=[{cmsg_len=20, "
	       "cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[0]}]}, 0) = 3",
	       pair[0]);
	sendmsg(-1, &message, 0);
	expect("sendmsg(-1, %p, 0) = %s", (void *)&message, failure());
	return 0;
}
