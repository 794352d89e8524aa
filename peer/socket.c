// SPDX-License-Identifier: MIT
/*
 * The calls of a program by which it meets others, answered from the record: connections are made to the feeder, and
 * names and options are those of the recorded ones. Reading, writing, waiting, duplicating and closing are the
 * kernel's.
 *
 * Loaded with LD_PRELOAD into a program that is not to know. It must not allocate, keep a descriptor of its own or
 * change errno but as the call would; without a feeder every call is the kernel's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "peer/ask.h"
#include "peer/replace.h"
#include "trace/raw.h"

#define EXPORT __attribute__((visibility("default")))

/* The next function of the same name: libc's, or that of another library in between. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---- what a descriptor is ----------------------------------------------------------------------------------- */

static int option_of(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &size) ? -1 : value;
}

/* The sorts of sockets whose peers are recorded. */
static bool is_played(int family, int type)
{
	return (family == AF_INET || family == AF_INET6 || family == AF_UNIX) &&
	       (type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int result_of(const struct peer_answer *answer)
{
	return answer->error ? fail(answer->error) : 0;
}

/* As the kernel hands out an address: cut to *size, which then says how long it is. */
static void address_give(const struct peer_answer *answer, struct sockaddr *address, socklen_t *size)
{
	memcpy(address, answer->bytes, answer->size < *size ? answer->size : *size);
	*size = answer->size;
}

/* A request about `fd`, with the name of its other end, by which the feeder knows what it has connected itself. */
static struct peer_request request_about(int fd, enum peer_verb verb)
{
	struct peer_request request = {.verb = verb, .inode = inode_of(fd)};
	socklen_t size = sizeof(struct sockaddr_un);

	if (!raw_syscall(SYS_getpeername, fd, request.bytes, &size))
		request.size = size;
	return request;
}

/* ---- clients ------------------------------------------------------------------------------------------------ */

static int connect_played(int fd, const struct sockaddr *address, socklen_t size, int family, int type)
{
	struct peer_request request = {.verb = PEER_CONNECT, .family = family, .type = type, .size = size};
	struct peer_answer answer;
	int ends[2];
	long rc = raw_syscall(SYS_socketpair, AF_UNIX, type | SOCK_CLOEXEC, 0, ends);

	if (rc)
		return fail((int)-rc);
	memcpy(request.bytes, address, size);
	request.inode = inode_of(ends[0]);
	request.is_blocking = !(raw_syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK);
	request.replaced = inode_of(fd);
	feeder_ask(&request, ends, &answer);
	raw_syscall(SYS_close, ends[1]);
	if (answer.verdict == PEER_PLAY)
		rc = socket_replace(fd, ends[0]);
	else
		raw_syscall(SYS_close, ends[0]);
	if (answer.verdict == PEER_REAL)
		return NEXT(connect)(fd, address, size);
	return rc ? fail((int)-rc) : result_of(&answer);
}

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	int family = feeder_is_there() ? option_of(fd, SO_DOMAIN) : -1;
	int type = family < 0 ? -1 : option_of(fd, SO_TYPE);
	struct peer_answer answer;

	if (!is_played(family, type) || !address || size < sizeof(sa_family_t) || size > PEER_BYTES)
		return NEXT(connect)(fd, address, size);
	if (family == AF_UNIX) {
		struct peer_request again = request_about(fd, PEER_CONNECTED);
		feeder_ask(&again, NULL, &answer);
		if (answer.verdict == PEER_DONE)
			return result_of(&answer);
	}
	if (address->sa_family == AF_UNSPEC)
		return NEXT(connect)(fd, address, size);
	return connect_played(fd, address, size, family, type);
}

EXPORT int __connect(int fd, const struct sockaddr *address, socklen_t size);
EXPORT int __connect(int fd, const struct sockaddr *address, socklen_t size)
{
	return connect(fd, address, size);
}

/* ---- datagrams to whom nobody connected --------------------------------------------------------------------- */

/* Whether an address is of the network, and not of this host. */
static bool is_elsewhere(const struct sockaddr *address, socklen_t size)
{
	if (size >= sizeof(struct sockaddr_in6) && address->sa_family == AF_INET6)
		return !IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
	return size >= sizeof(struct sockaddr_in) && address->sa_family == AF_INET &&
	       ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
}

/* Whether what is to be sent there may not leave this host; errno says so then. */
static bool is_kept(int fd, const struct sockaddr *address, socklen_t size)
{
	struct peer_request request = {.verb = PEER_SEND, .size = size};
	struct peer_answer answer;

	if (!feeder_is_there() || !address || size > PEER_BYTES || !is_elsewhere(address, size))
		return false;
	memcpy(request.bytes, address, size);
	request.inode = inode_of(fd);
	feeder_ask(&request, NULL, &answer);
	if (answer.verdict != PEER_DONE)
		return false;
	errno = answer.error;
	return true;
}

EXPORT ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *address,
		      socklen_t size)
{
	return is_kept(fd, address, size) ? -1 : NEXT(sendto)(fd, bytes, count, flags, address, size);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (message && message->msg_name && is_kept(fd, message->msg_name, message->msg_namelen))
		return -1;
	return NEXT(sendmsg)(fd, message, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	for (unsigned int i = 0; messages && i < count; i++) {
		const struct msghdr *message = &messages[i].msg_hdr;
		if (message->msg_name && is_kept(fd, message->msg_name, message->msg_namelen))
			return -1;
	}
	return NEXT(sendmmsg)(fd, messages, count, flags);
}

/* ---- servers ------------------------------------------------------------------------------------------------ */

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	struct peer_request request = {.verb = PEER_BIND, .size = size};
	struct peer_answer answer = {.verdict = PEER_REAL};

	if (feeder_is_there() && address && size <= PEER_BYTES) {
		request.family = option_of(fd, SO_DOMAIN);
		request.type = option_of(fd, SO_TYPE);
		request.inode = inode_of(fd);
		memcpy(request.bytes, address, size);
		if (is_played(request.family, request.type))
			feeder_ask(&request, NULL, &answer);
	}
	return answer.verdict == PEER_DONE ? result_of(&answer) : NEXT(bind)(fd, address, size);
}

/* Says where `fd` can be found now. */
static void listening_tell(int fd, uint64_t replaced)
{
	struct peer_request request = {.verb = PEER_LISTENING, .inode = inode_of(fd), .replaced = replaced};
	struct peer_answer answer;
	socklen_t size = sizeof(struct sockaddr_un);

	raw_syscall(SYS_getsockname, fd, request.bytes, &size);
	request.size = size;
	feeder_ask(&request, NULL, &answer);
}

/* A listener with a name that the kernel chooses, in the place of one that the network would find. */
static int listen_played(int fd, int backlog)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	long listener = raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = listener;
	uint64_t replaced = inode_of(fd);

	if (listener < 0)
		return fail((int)-listener);
	rc = raw_syscall(SYS_bind, listener, &any, sizeof(any.sun_family));
	if (!rc)
		rc = raw_syscall(SYS_listen, listener, backlog);
	if (rc) {
		raw_syscall(SYS_close, listener);
		return fail((int)-rc);
	}
	rc = socket_replace(fd, (int)listener);
	if (rc)
		return fail((int)-rc);
	listening_tell(fd, replaced);
	return 0;
}

EXPORT int listen(int fd, int backlog)
{
	struct peer_request request = {.verb = PEER_LISTEN};
	struct peer_answer answer = {.verdict = PEER_REAL};
	int rc;

	if (feeder_is_there()) {
		request.family = option_of(fd, SO_DOMAIN);
		request.type = option_of(fd, SO_TYPE);
		request.inode = inode_of(fd);
		if (is_played(request.family, request.type))
			feeder_ask(&request, NULL, &answer);
	}
	if (answer.verdict == PEER_DONE)
		return result_of(&answer);
	if (answer.verdict == PEER_PLAY)
		return listen_played(fd, backlog);
	rc = NEXT(listen)(fd, backlog);
	if (!rc && answer.verdict == PEER_TELL)
		listening_tell(fd, request.inode);
	return rc;
}

/* The name of the recorded client, for what is just accepted. */
static void accepted_name(int fd, struct sockaddr *address, socklen_t *size, socklen_t room)
{
	struct peer_request request = request_about(fd, PEER_REMOTE_NAME);
	struct peer_answer answer;

	if (request.size <= sizeof(sa_family_t) || option_of(fd, SO_DOMAIN) != AF_UNIX)
		return;
	feeder_ask(&request, NULL, &answer);
	if (answer.verdict != PEER_DONE || answer.error)
		return;
	*size = room;
	address_give(&answer, address, size);
}

EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	socklen_t room = feeder_is_there() && address && size ? *size : 0;
	int accepted = NEXT(accept4)(fd, address, size, flags);

	if (accepted >= 0 && room)
		accepted_name(accepted, address, size, room);
	return accepted;
}

EXPORT int accept(int fd, struct sockaddr *address, socklen_t *size)
{
	socklen_t room = feeder_is_there() && address && size ? *size : 0;
	int accepted = NEXT(accept)(fd, address, size);

	if (accepted >= 0 && room)
		accepted_name(accepted, address, size, room);
	return accepted;
}

/* ---- names and options -------------------------------------------------------------------------------------- */

/* Whether a name is one that only stands for another: AF_UNIX, or of the network and without a port. */
static bool is_stand_in(const struct sockaddr *address, socklen_t size)
{
	if (size >= sizeof(struct sockaddr_in) && (address->sa_family == AF_INET || address->sa_family == AF_INET6))
		return !((const struct sockaddr_in *)address)->sin_port;
	return address->sa_family == AF_UNIX;
}

/* Whether the feeder knew the name. */
static bool name_ask(int fd, enum peer_verb verb, struct sockaddr *address, socklen_t *size, socklen_t room)
{
	struct peer_request request = request_about(fd, verb);
	struct peer_answer answer;

	feeder_ask(&request, NULL, &answer);
	if (answer.verdict != PEER_DONE || answer.error)
		return false;
	*size = room;
	address_give(&answer, address, size);
	return true;
}

EXPORT int getsockname(int fd, struct sockaddr *__restrict address, socklen_t *__restrict size)
{
	socklen_t room = feeder_is_there() && address && size ? *size : 0;
	int rc = NEXT(getsockname)(fd, address, size);

	if (!rc && room >= sizeof(sa_family_t) && is_stand_in(address, *size))
		name_ask(fd, PEER_LOCAL_NAME, address, size, room);
	return rc;
}

EXPORT int getpeername(int fd, struct sockaddr *__restrict address, socklen_t *__restrict size)
{
	socklen_t room = feeder_is_there() && address && size ? *size : 0;
	int rc = NEXT(getpeername)(fd, address, size);

	if (!rc && room >= sizeof(sa_family_t) && is_stand_in(address, *size))
		name_ask(fd, PEER_REMOTE_NAME, address, size, room);
	return rc;
}

/* What a pair says otherwise than the socket it stands for. */
static bool is_answered(int level, int name)
{
	return level != SOL_SOCKET || name == SO_ERROR || name == SO_DOMAIN || name == SO_PROTOCOL ||
	       name == SO_PEERCRED;
}

EXPORT int getsockopt(int fd, int level, int name, void *__restrict value, socklen_t *__restrict size)
{
	struct peer_request request;
	struct peer_answer answer;

	if (!feeder_is_there() || !value || !size || !is_answered(level, name) || option_of(fd, SO_DOMAIN) != AF_UNIX)
		return NEXT(getsockopt)(fd, level, name, value, size);
	request = request_about(fd, PEER_GET_OPTION);
	request.level = level;
	request.option = name;
	feeder_ask(&request, NULL, &answer);
	if (answer.verdict != PEER_DONE)
		return NEXT(getsockopt)(fd, level, name, value, size);
	if (answer.error)
		return fail(answer.error);
	if (answer.size < *size)
		*size = answer.size;
	memcpy(value, answer.bytes, *size);
	return 0;
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	struct peer_request request;
	struct peer_answer answer;

	if (!feeder_is_there() || level == SOL_SOCKET || option_of(fd, SO_DOMAIN) != AF_UNIX)
		return NEXT(setsockopt)(fd, level, name, value, size);
	request = request_about(fd, PEER_SET_OPTION);
	request.level = level;
	request.option = name;
	feeder_ask(&request, NULL, &answer);
	return answer.verdict == PEER_DONE ? result_of(&answer) : NEXT(setsockopt)(fd, level, name, value, size);
}
