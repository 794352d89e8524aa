// SPDX-License-Identifier: MIT
/* A message spread over two buffers, with its sender; one with a descriptor; one cut short; and none. */
#include "tests/samples/sample.h"

static void receive_rights(void)
{
	struct ends ends = pair_of(SOCK_STREAM);
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
	char byte = 'r';
	struct iovec part = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int fd, result;

	memcpy(CMSG_DATA(&control.head), &ends.far, sizeof(fd));
	must(sendmsg(ends.far, &message, 0));
	result = (int)recvmsg(ends.near, &message, MSG_CMSG_CLOEXEC);
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	expect(result,
	       "recvmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"r\", iov_len=1}], msg_control=[{cmsg_len=20, "
	       "cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[%d]}], msg_flags=MSG_CMSG_CLOEXEC}, "
	       "MSG_CMSG_CLOEXEC)",
	       ends.near, fd);
}

int main(void)
{
	struct sockaddr_in address, sender, found;
	int near = socket_on_loopback(SOCK_DGRAM, &address), far = socket_on_loopback(SOCK_DGRAM, &sender);
	char first[3], second[8];
	struct iovec parts[] = {{first, 3}, {second, 8}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_name = &found, .msg_namelen = sizeof(found)};

	must(connect(far, (struct sockaddr *)&address, sizeof(address)));
	must(write(far, "hello", 5));
	must(write(far, "hello", 5));
	expect(recvmsg(near, &message, 0),
	       "recvmsg(%d, {msg_name=%s, msg_iov=[{iov_base=\"hel\", iov_len=3}, {iov_base=\"lo\", iov_len=8}], "
	       "msg_flags=0}, 0)",
	       near, address_text(&sender));
	message = (struct msghdr){.msg_iov = parts, .msg_iovlen = 1};
	expect(recvmsg(near, &message, 0),
	       "recvmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"hel\", iov_len=3}], msg_flags=MSG_TRUNC}, 0)", near);
	receive_rights();
	expect(recvmsg(near, &message, MSG_DONTWAIT), "recvmsg(%d, %p, MSG_DONTWAIT)", near, (void *)&message);
}
