// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/uio.h>

int main(void)
{
	struct iovec first = {(char[]){"one"}, 3}, second = {(char[]){"three"}, 5};
	struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &first, .msg_iovlen = 1}},
				      {.msg_hdr = {.msg_iov = &second, .msg_iovlen = 1}}};
	int pair[2];

	sample_pair(SOCK_DGRAM, pair);
	sendmmsg(pair[0], messages, 2, 0);
	expect("sendmmsg(%d, [{msg_hdr={msg_name=NULL, msg_iov=[{iov_base=\"one\", iov_len=3}]}, msg_len=3}, "
	       "{msg_hdr={msg_name=NULL, msg_iov=[{iov_base=\"three\", iov_len=5}]}, msg_len=5}], 2, 0) = 2",
	       pair[0]);
	sendmmsg(-1, messages, 2, MSG_DONTWAIT);
	expect("sendmmsg(-1, %p, 2, MSG_DONTWAIT) = %s", (void *)messages, failure());
	return 0;
}
