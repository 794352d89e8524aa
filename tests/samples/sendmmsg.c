// SPDX-License-Identifier: MIT
/* Two messages at once, of which both go; and none, because nobody hears. */
#include "tests/samples/sample.h"

int main(void)
{
	struct sockaddr_in address;
	int far = socket_on_loopback(SOCK_DGRAM, &address), near = (int)must(socket(AF_INET, SOCK_DGRAM, 0));
	struct iovec parts[] = {{"one", 3}, {"two", 3}, {"!", 1}};
	struct mmsghdr messages[2] = {
		{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}},
		{.msg_hdr =
			 {.msg_iov = parts + 1, .msg_iovlen = 2, .msg_name = &address, .msg_namelen = sizeof(address)}},
	};

	expect(sendmmsg(near, messages, 2, 0), "sendmmsg(%d, %p, 2, 0)", near, (void *)messages);
	must(connect(near, (struct sockaddr *)&address, sizeof(address)));
	expect(sendmmsg(near, messages, 2, MSG_DONTWAIT),
	       "sendmmsg(%d, [{msg_hdr={msg_name=NULL, msg_iov=[{iov_base=\"one\", iov_len=3}]}, msg_len=3}, "
	       "{msg_hdr={msg_name=%s, msg_iov=[{iov_base=\"two\", iov_len=3}, {iov_base=\"!\", iov_len=1}]}, "
	       "msg_len=4}], 2, MSG_DONTWAIT)",
	       near, address_text(&address));
	must(close(far));
}
