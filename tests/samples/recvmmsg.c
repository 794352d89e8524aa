// SPDX-License-Identifier: MIT
/* Two messages of the three asked for, with a limit of time; and none. */
#include <time.h>

#include "tests/samples/sample.h"

int main(void)
{
	struct ends ends = pair_of(SOCK_DGRAM);
	char first[4], second[4], third[4];
	struct iovec parts[] = {{first, 4}, {second, 4}, {third, 4}};
	struct mmsghdr messages[3] = {
		{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}},
		{.msg_hdr = {.msg_iov = parts + 1, .msg_iovlen = 1}},
		{.msg_hdr = {.msg_iov = parts + 2, .msg_iovlen = 1}},
	};
	struct timespec limit = {1, 0};
	int result;

	must(write(ends.far, "one", 3));
	must(write(ends.far, "second", 6));
	result = recvmmsg(ends.near, messages, 3, MSG_DONTWAIT, &limit);
	expect(result,
	       "recvmmsg(%d, [{msg_hdr={msg_name=NULL, msg_iov=[{iov_base=\"one\", iov_len=4}], msg_flags=0}, "
	       "msg_len=3}, "
	       "{msg_hdr={msg_name=NULL, msg_iov=[{iov_base=\"seco\", iov_len=4}], msg_flags=MSG_TRUNC}, msg_len=4}], "
	       "3, "
	       "MSG_DONTWAIT, {tv_sec=%ld, tv_nsec=%ld})",
	       ends.near, limit.tv_sec, limit.tv_nsec);
	expect(recvmmsg(ends.near, messages, 3, MSG_DONTWAIT, NULL), "recvmmsg(%d, %p, 3, MSG_DONTWAIT, NULL)",
	       ends.near, (void *)messages);
}
