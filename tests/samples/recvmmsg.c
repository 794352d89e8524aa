// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/uio.h>

int main(void)
{
	char first[8], second[8];
	struct iovec vectors[2] = {{first, sizeof(first)}, {second, sizeof(second)}};
	struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &vectors[0], .msg_iovlen = 1}},
				      {.msg_hdr = {.msg_iov = &vectors[1], .msg_iovlen = 1}}};
	int pair[2];

	sample_pair(SOCK_DGRAM, pair);
	send(pair[0], "one", 3, 0);
	recvmmsg(pair[1], messages, 2, MSG_WAITFORONE, NULL);
	expect("recvmmsg(%d, [{msg_hdr={msg_name=NULL, msg_iov=[{iov_base=\"one\", iov_len=8}], msg_flags=0}, "
	       "msg_len=3}], 2, "
	       "MSG_WAITFORONE, NULL) = 1",
	       pair[1]);
	recvmmsg(pair[1], messages, 2, MSG_DONTWAIT, NULL);
	expect("recvmmsg(%d, %p, 2, MSG_DONTWAIT, NULL) = %s", pair[1], (void *)messages, failure());
	return 0;
}
