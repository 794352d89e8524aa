// SPDX-License-Identifier: MIT
/*
 * See ask.h.
 */
#include "peer/ask.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "trace/raw.h"

#define PAIR_BYTES (2 * sizeof(int))

static struct sockaddr_un feeder;
static socklen_t feeder_size;

__attribute__((constructor)) static void feeder_find(void)
{
	const char *name = getenv(PEER_VARIABLE);
	size_t size = name ? strlen(name) : 0;

	if (!size || size + 1 > sizeof(feeder.sun_path))
		return;
	feeder.sun_family = AF_UNIX;
	memcpy(feeder.sun_path + 1, name, size);
	feeder_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
}

bool feeder_is_there(void)
{
	return feeder_size != 0;
}

uint64_t inode_of(int fd)
{
	struct stat about;

	return raw_syscall(SYS_fstat, fd, &about) ? 0 : about.st_ino;
}

static long request_send(long socket, struct peer_request *request, const int *pair)
{
	union {
		char bytes[CMSG_SPACE(PAIR_BYTES)];
		struct cmsghdr align;
	} control = {0};
	struct iovec vector = {request, sizeof(*request)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	long sent;

	if (pair) {
		struct cmsghdr *head = &control.align;
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		*head = (struct cmsghdr){CMSG_LEN(PAIR_BYTES), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(head), pair, PAIR_BYTES);
	}
	do {
		sent = raw_syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL);
	} while (sent == -EINTR);
	return sent;
}

bool feeder_ask(struct peer_request *request, const int *pair, struct peer_answer *answer)
{
	long socket = raw_syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), size = -1;

	*answer = (struct peer_answer){.verdict = PEER_DONE, .error = ENETUNREACH};
	if (socket < 0)
		return false;
	request->pid = (int32_t)raw_syscall(SYS_getpid);
	request->tid = (int32_t)raw_syscall(SYS_gettid);
	if (!raw_syscall(SYS_connect, socket, &feeder, feeder_size) && request_send(socket, request, pair) > 0)
		do {
			size = raw_syscall(SYS_recvfrom, socket, answer, sizeof(*answer), 0, NULL, NULL);
		} while (size == -EINTR);
	raw_syscall(SYS_close, socket);
	if (size == (long)sizeof(*answer))
		return true;
	*answer = (struct peer_answer){.verdict = PEER_DONE, .error = ENETUNREACH};
	return false;
}
