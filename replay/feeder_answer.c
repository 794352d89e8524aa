// SPDX-License-Identifier: MIT
/*
 * What the library inside the program is answered: one function a verb.
 */
#include "replay/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer/protocol.h"

struct asking {
	struct feeder *feeder;
	const struct peer_request *request;
	int fds[2]; /* that came with it, or -1; whoever keeps one sets it to -1 */
	struct peer_answer *answer;
};

static void answer_real(struct asking *asking)
{
	asking->answer->verdict = PEER_REAL;
}

static void answer_error(struct asking *asking, int error)
{
	asking->answer->verdict = PEER_DONE;
	asking->answer->error = error;
}

static void answer_bytes(struct asking *asking, const void *bytes, uint32_t size)
{
	asking->answer->verdict = PEER_DONE;
	asking->answer->size = size < PEER_BYTES ? size : PEER_BYTES;
	memcpy(asking->answer->bytes, bytes, asking->answer->size);
}

/* ---- whom a request is about -------------------------------------------------------------------------------- */

/* Clients that we play are bound to our address and their number: nothing else has such a name. */
static struct session *session_by_name(const struct feeder *feeder, const struct peer_request *request)
{
	size_t head = offsetof(struct sockaddr, sa_data) + 1, size = strlen(feeder->address);
	const char *name = (const char *)request->bytes + head;
	char digits[12] = "";
	unsigned long number;

	if (request->size <= head + size || request->size > head + size + sizeof(digits) ||
	    memcmp(name, feeder->address, size) || name[size] != PEER_NUMBER_MARK)
		return NULL;
	memcpy(digits, name + size + 1, request->size - head - size - 1);
	number = strtoul(digits, NULL, 10);
	return number < feeder->conversations->count ? &feeder->sessions[number] : NULL;
}

static struct session *session_asked(const struct asking *asking)
{
	const struct feeder *feeder = asking->feeder;
	struct session *session = session_by_name(feeder, asking->request);

	for (uint32_t i = 0; !session && asking->request->inode && i < feeder->conversations->count; i++)
		if (feeder->sessions[i].inode == asking->request->inode)
			session = &feeder->sessions[i];
	return session;
}

static struct gate *gate_asked(const struct asking *asking)
{
	const struct feeder *feeder = asking->feeder;

	for (uint32_t i = 0; i < feeder->conversations->listeners_count; i++)
		if (feeder->gates[i].is_claimed && feeder->gates[i].inode == asking->request->inode)
			return &feeder->gates[i];
	return NULL;
}

/* ---- clients ------------------------------------------------------------------------------------------------ */

/* The next recorded connection to `place` that was not asked for yet; by its port alone when none fits better. */
static struct session *session_find(const struct feeder *feeder, const struct endpoint *place, bool *is_internal)
{
	for (int by_port = 0; by_port < 2; by_port++)
		for (uint32_t i = 0; i < feeder->conversations->count; i++) {
			const struct conversation *one = feeder->sessions[i].conversation;
			bool fits = by_port ? one->remote.family != AF_UNIX && one->remote.port &&
						      one->remote.port == place->port
					    : endpoint_equal(&one->remote, place);
			if (one->role != CONVERSATION_CLIENT || !fits)
				continue;
			*is_internal |= one->is_internal;
			if (!one->is_internal && !feeder->sessions[i].is_claimed)
				return &feeder->sessions[i];
		}
	return NULL;
}

static void answer_unknown(struct asking *asking, const struct endpoint *place)
{
	char name[160], story[256];

	if (asking->feeder->settings.may_pass) {
		asking->feeder->passed++;
		answer_real(asking);
		return;
	}
	endpoint_print(place, false, name, sizeof(name));
	snprintf(story, sizeof(story),
		 "process %d connects to %s: the record has no such connection, or no further one\n",
		 asking->request->pid, name);
	feeder_diverge(asking->feeder, NULL, story);
	answer_error(asking, ECONNREFUSED);
}

static bool is_refused(const struct conversation *conversation)
{
	return conversation->connect_error && conversation->connect_error != EINPROGRESS &&
	       conversation->connect_error != EINTR && conversation->connect_error != EALREADY;
}

static bool has_reset(const struct conversation *conversation)
{
	for (uint32_t i = 0; i < conversation->messages_count; i++)
		if (conversation->messages[i].sort == MESSAGE_RESET)
			return true;
	return false;
}

static void answer_connect(struct asking *asking)
{
	const struct peer_request *request = asking->request;
	struct endpoint place = endpoint_parse(request->bytes, request->size);
	bool is_internal = false;
	struct session *session = session_find(asking->feeder, &place, &is_internal);

	mask_add_pid(&asking->feeder->masks->numbers[MASKS_LIVE], (uint32_t)request->pid);
	if (!session && is_internal) {
		answer_real(asking);
		return;
	}
	if (!session || asking->fds[1] < 0) {
		answer_unknown(asking, &place);
		return;
	}
	session->is_claimed = true;
	session->inode = request->inode;
	if (is_refused(session->conversation)) {
		session->is_over = true;
		answer_error(asking, session->conversation->connect_error);
		return;
	}
	asking->answer->verdict = PEER_PLAY;
	asking->answer->error = request->is_blocking ? 0 : session->conversation->connect_error;
	/* its own end is wanted only to break the connection; else it would keep the program's closing from us */
	if (has_reset(session->conversation)) {
		session->other = asking->fds[0];
		asking->fds[0] = -1;
	}
	if (session_begin(asking->feeder, session, asking->fds[1]))
		answer_error(asking, ENOBUFS);
	asking->fds[1] = -1;
}

/* Once more on the same socket: it is there by now, or it has failed. */
static void answer_connected(struct asking *asking)
{
	struct session *session = session_asked(asking);

	if (!session)
		answer_real(asking);
	else if (session->conversation->late_error)
		answer_error(asking, session->conversation->late_error);
	else
		answer_error(asking,
			     session->connects++ || session->conversation->connect_error != EINPROGRESS ? EISCONN : 0);
}

/* Datagrams without a connection are not played; outside they are not let either. */
static void answer_send(struct asking *asking)
{
	struct endpoint place = endpoint_parse(asking->request->bytes, asking->request->size);
	char name[160], story[256];

	answer_real(asking);
	if (asking->feeder->settings.may_pass)
		return;
	endpoint_print(&place, false, name, sizeof(name));
	snprintf(story, sizeof(story),
		 "process %d sends a datagram to %s without having connected: that is not played\n",
		 asking->request->pid, name);
	feeder_diverge(asking->feeder, NULL, story);
	answer_error(asking, ENETUNREACH);
}

/* ---- servers ------------------------------------------------------------------------------------------------ */

static bool is_place(const struct endpoint *recorded, const struct endpoint *asked, bool by_port)
{
	if (!by_port)
		return endpoint_equal(recorded, asked);
	return recorded->family != AF_UNIX && asked->family != AF_UNIX && recorded->port == asked->port;
}

static void answer_bind(struct asking *asking)
{
	const struct conversations *conversations = asking->feeder->conversations;
	struct endpoint place = endpoint_parse(asking->request->bytes, asking->request->size);

	answer_real(asking);
	for (int by_port = 0; by_port < 2; by_port++)
		for (uint32_t i = 0; i < conversations->listeners_count; i++) {
			const struct recorded_listener *listener = &conversations->listeners[i];
			struct gate *gate = &asking->feeder->gates[i];
			struct endpoint wanted = listener->asked.size
							 ? endpoint_parse(listener->asked.bytes, listener->asked.size)
							 : listener->local;
			if (gate->is_claimed || !is_place(&wanted, &place, by_port))
				continue;
			gate->is_claimed = true;
			gate->inode = asking->request->inode;
			if (listener->has_external && place.family != AF_UNIX)
				answer_error(asking, listener->error);
			return;
		}
}

static void answer_listen(struct asking *asking)
{
	struct gate *gate = gate_asked(asking);

	if (!gate || !asking->feeder->conversations->listeners[gate->listener].has_external)
		answer_real(asking);
	else
		asking->answer->verdict = asking->request->family == AF_UNIX ? PEER_TELL : PEER_PLAY;
}

static void answer_listening(struct asking *asking)
{
	const struct peer_request *request = asking->request;

	for (uint32_t i = 0; i < asking->feeder->conversations->listeners_count; i++) {
		struct gate *gate = &asking->feeder->gates[i];
		if (!gate->is_claimed || gate->inode != request->replaced || request->size > sizeof(gate->at.bytes))
			continue;
		gate->inode = request->inode;
		gate->is_open = true;
		gate->at.size = request->size;
		memcpy(gate->at.bytes, request->bytes, request->size);
		break;
	}
	answer_error(asking, 0);
}

/* ---- names and options -------------------------------------------------------------------------------------- */

static void answer_name(struct asking *asking, const struct recorded_address *address)
{
	if (address && address->size)
		answer_bytes(asking, address->bytes, address->size);
	else
		answer_real(asking);
}

static void answer_local_name(struct asking *asking)
{
	struct session *session = session_asked(asking);
	struct gate *gate = session ? NULL : gate_asked(asking);
	const struct recorded_listener *listener =
		gate ? &asking->feeder->conversations->listeners[gate->listener] : NULL;

	answer_name(asking, session    ? &session->conversation->local_address
			    : listener ? (listener->got.size ? &listener->got : &listener->asked)
				       : NULL);
}

static void answer_remote_name(struct asking *asking)
{
	struct session *session = session_asked(asking);

	answer_name(asking, session ? &session->conversation->remote_address : NULL);
}

static bool is_option(const struct recorded_option *option, const struct peer_request *request)
{
	return option->level == request->level && option->name == request->option;
}

/* What was recorded, in the order in which it was asked; its last answer again when it is asked more often. */
static const struct recorded_option *option_find(struct session *session, const struct peer_request *request)
{
	const struct conversation *conversation = session->conversation;
	const struct recorded_option *found = NULL;

	for (uint32_t i = 0; i < conversation->options_count; i++) {
		if (!is_option(&conversation->options[i], request))
			continue;
		found = &conversation->options[i];
		if (i >= session->options_asked) {
			session->options_asked = i + 1;
			break;
		}
	}
	return found;
}

static void answer_so_error(struct asking *asking, struct session *session)
{
	int error = session->was_asked ? 0 : session->conversation->late_error;

	session->was_asked = true;
	answer_bytes(asking, &error, sizeof(error));
}

static void answer_get_option(struct asking *asking)
{
	struct session *session = session_asked(asking);
	const struct peer_request *request = asking->request;
	const struct recorded_option *option = session ? option_find(session, request) : NULL;
	const int zero = 0;
	int family;

	if (!session || (session->conversation->family == AF_UNIX && !option)) {
		answer_real(asking);
		return;
	}
	family = session->conversation->family;
	if (request->level == SOL_SOCKET && request->option == SO_ERROR)
		answer_so_error(asking, session);
	else if (option)
		answer_bytes(asking, option->bytes, option->size);
	else if (request->level == SOL_SOCKET && request->option == SO_DOMAIN)
		answer_bytes(asking, &family, sizeof(family));
	else
		answer_bytes(asking, &zero, sizeof(zero));
}

static void answer_set_option(struct asking *asking)
{
	struct session *session = session_asked(asking);

	if ((session && session->conversation->family != AF_UNIX) || gate_asked(asking))
		answer_error(asking, 0);
	else
		answer_real(asking);
}

static void answer_key(struct asking *asking)
{
	static const enum sysv_kind kinds[] = {[PEER_KEY_QUEUE] = SYSV_QUEUE,
					       [PEER_KEY_SEMAPHORES] = SYSV_SEMAPHORES,
					       [PEER_KEY_SEGMENT] = SYSV_SEGMENT};
	uint32_t kind = (uint32_t)asking->request->level;
	int32_t own;

	if (kind <= PEER_KEY_SEGMENT && feeder_sysv_key(asking->feeder, kinds[kind], asking->request->option, &own))
		answer_bytes(asking, &own, sizeof(own));
	else
		answer_error(asking, ENOSPC);
}

/* ---- one request -------------------------------------------------------------------------------------------- */

static void (*const answers[PEER_VERB_COUNT])(struct asking *asking) = {
	[PEER_CONNECT] = answer_connect,
	[PEER_CONNECTED] = answer_connected,
	[PEER_SEND] = answer_send,
	[PEER_BIND] = answer_bind,
	[PEER_LISTEN] = answer_listen,
	[PEER_LISTENING] = answer_listening,
	[PEER_LOCAL_NAME] = answer_local_name,
	[PEER_REMOTE_NAME] = answer_remote_name,
	[PEER_GET_OPTION] = answer_get_option,
	[PEER_SET_OPTION] = answer_set_option,
	[PEER_KEY] = answer_key,
};

static void descriptors_take(struct msghdr *message, int *fds)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);

	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len <= CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
}

int feeder_answer(struct feeder *feeder, int connection)
{
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct peer_request request;
	struct peer_answer answer = {.verdict = PEER_REAL};
	struct iovec vector = {&request, sizeof(request)};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	ssize_t size = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
	struct asking asking = {feeder, &request, {-1, -1}, &answer};

	if (size > 0)
		descriptors_take(&message, asking.fds);
	/* somebody who changed his mind, or no library of ours */
	if (size == (ssize_t)sizeof(request) && request.verb < PEER_VERB_COUNT && request.size <= PEER_BYTES) {
		answers[request.verb](&asking);
		if (send(connection, &answer, sizeof(answer), MSG_NOSIGNAL) < 0 && errno != EPIPE)
			size = -errno;
	}
	for (int i = 0; i < 2; i++)
		if (asking.fds[i] >= 0)
			close(asking.fds[i]);
	return size < 0 && errno == ENOMEM ? -ENOMEM : 0;
}
