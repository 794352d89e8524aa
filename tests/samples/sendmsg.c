// SPDX-License-Identifier: MIT
/* A gathered message, a descriptor and credentials sent along, and a socket that has no peer. */
#include "tests/samples/sample.h"

static void send_rights(struct ends ends)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control = {{0}};
	struct iovec part = {"r", 1};
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message), *credentials;
	struct ucred me = {getpid(), getuid(), getgid()};

	*rights = (struct cmsghdr){CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(rights), &ends, 8);
	credentials = CMSG_NXTHDR(&message, rights);
	*credentials = (struct cmsghdr){CMSG_LEN(sizeof(me)), SOL_SOCKET, SCM_CREDENTIALS};
	memcpy(CMSG_DATA(credentials), &me, sizeof(me));
	expect(sendmsg(ends.near, &message, 0),
	       "sendmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"r\", iov_len=1}], msg_control=[{cmsg_len=24, "
	       "cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[%d, %d]}, {cmsg_len=28, cmsg_level=SOL_SOCKET, "
	       "cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=%d, uid=%d, gid=%d}}]}, 0)",
	       ends.near, ends.near, ends.far, me.pid, (int)me.uid, (int)me.gid);
}

int main(void)
{
	struct sockaddr_in address;
	struct ends ends = pair_of(SOCK_STREAM);
	struct iovec parts[] = {{"one", 3}, {NULL, 0}, {" two", 4}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
	int datagram = socket_on_loopback(SOCK_DGRAM, &address);

	expect(sendmsg(ends.near, &message, MSG_NOSIGNAL),
	       "sendmsg(%d, {msg_name=NULL, msg_iov=[{iov_base=\"one\", iov_len=3}, {iov_base=\"\", iov_len=0}, "
	       "{iov_base=\" two\", iov_len=4}]}, MSG_NOSIGNAL)",
	       ends.near);
	send_rights(ends);
	expect(sendmsg(datagram, &message, 0), "sendmsg(%d, %p, 0)", datagram, (void *)&message);
	message.msg_name = &address;
	message.msg_namelen = sizeof(address);
	message.msg_iovlen = 1;
	expect(sendmsg(datagram, &message, 0), "sendmsg(%d, {msg_name=%s, msg_iov=[{iov_base=\"one\", iov_len=3}]}, 0)",
	       datagram, address_text(&address));
	expect(sendmsg(datagram, NULL, 0), "sendmsg(%d, NULL, 0)", datagram);
}
