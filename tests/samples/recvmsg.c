// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/uio.h>

int main(void)
{
	char first[3], second[8];
	struct iovec vector[2] = {{first, sizeof(first)}, {second, sizeof(second)}};
	struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
	int pair[2];

	sample_pair(SOCK_DGRAM, pair);
	send(pair[0], "hello", 5, 0);
	recvmsg(pair[1], &message, 0);
	expect("recvmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"hel\", iov_len=3}, {iov_base=\"lo\", iov_len=8}], "
	       "msg_flags=0}, 0) = 5",
	       pair[1]);
	send(pair[0], "much too long", 13, 0);
	recvmsg(pair[1], &message, 0);
	expect("recvmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"muc\", iov_len=3}, {iov_base=\"h too lo\", "
	       "iov_len=8}], "
	       "msg_flags=MSG_TRUNC}, 0) = 11",
	       pair[1]);
	recvmsg(pair[1], &message, MSG_DONTWAIT);
	expect("recvmsg(%d, %p, MSG_DONTWAIT) = %s", pair[1], (void *)&message, failure());
	return 0;
}
