// SPDX-License-Identifier: MIT
/*
 * See feeder.h. The loop, and which conversation is begun when.
 */
#include "replay/feeder.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "format/trouble.h"
#include "peer/protocol.h"
#include "replay/pace.h"

/* Nothing has moved for so long: those that hold up others are not waited for. ns */
#define STUCK_AFTER 50000000ull

#define STEP_MS 100

/* ---- beginning and end -------------------------------------------------------------------------------------- */

static socklen_t abstract_name(struct sockaddr_un *name, const char *text)
{
	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(name->sun_path + 1, text, strlen(text));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(text));
}

static int door_open(struct feeder *feeder)
{
	struct sockaddr_un name;
	uint64_t lot;
	socklen_t size;

	if (getrandom(&lot, sizeof(lot), 0) != sizeof(lot))
		return -errno;
	snprintf(feeder->address, sizeof(feeder->address), "ipctrace-peer-%d-%016lx", (int)getpid(),
		 (unsigned long)lot);
	size = abstract_name(&name, feeder->address);
	feeder->door = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (feeder->door < 0 || bind(feeder->door, (struct sockaddr *)&name, size) || listen(feeder->door, SOMAXCONN))
		return -errno;
	return 0;
}

int feeder_open(struct feeder *feeder, const struct conversations *conversations, struct masks *masks,
		const struct feeder_settings *settings)
{
	*feeder = (struct feeder){
		.conversations = conversations, .masks = masks, .settings = *settings, .door = -1, .moved = pace_now()};
	feeder->sessions = calloc(conversations->count + 1, sizeof(*feeder->sessions));
	feeder->gates = calloc(conversations->listeners_count + 1, sizeof(*feeder->gates));
	if (!feeder->sessions || !feeder->gates)
		return -ENOMEM;
	for (uint32_t i = 0; i < conversations->count; i++) {
		struct session *session = &feeder->sessions[i];
		session->conversation = &conversations->list[i];
		session->fd = session->other = -1;
		session->is_over = session->conversation->is_internal;
		expectation_begin(&session->expectation, session->conversation, masks);
	}
	for (uint32_t i = 0; i < conversations->listeners_count; i++)
		feeder->gates[i].listener = i;
	return door_open(feeder);
}

void feeder_free(struct feeder *feeder)
{
	for (uint32_t i = 0; feeder->sessions && i < feeder->conversations->count; i++) {
		session_end(feeder, &feeder->sessions[i]);
		expectation_free(&feeder->sessions[i].expectation);
	}
	for (uint32_t i = 0; i < feeder->kept_count; i++)
		close(feeder->kept[i]);
	if (feeder->door >= 0)
		close(feeder->door);
	feeder_sysv_free(feeder);
	map_clear(&feeder->types);
	free(feeder->kept);
	free(feeder->sessions);
	free(feeder->gates);
	text_free(&feeder->story);
}

void feeder_diverge(struct feeder *feeder, struct session *session, const char *story)
{
	if (!feeder->divergences++) {
		text_put(&feeder->story, story);
		feeder->differing = session;
	}
	if (!feeder->settings.is_lenient)
		feeder->outcome = FEEDER_DIVERGED;
}

/* ---- clients that we play ----------------------------------------------------------------------------------- */

static struct gate *gate_find(const struct feeder *feeder, const struct conversation *conversation)
{
	for (uint32_t i = 0; i < feeder->conversations->listeners_count; i++) {
		const struct recorded_listener *listener = &feeder->conversations->listeners[i];
		if (feeder->gates[i].is_open && listener->local.port == conversation->local.port &&
		    !strcmp(listener->local.path, conversation->local.path))
			return &feeder->gates[i];
	}
	return NULL;
}

/* A socket whose own name says which conversation it is, for the library to find. */
static int client_socket(const struct feeder *feeder, const struct session *session)
{
	char text[96];
	struct sockaddr_un name;
	socklen_t size;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(text, sizeof(text), "%s%c%u", feeder->address, PEER_NUMBER_MARK, session->conversation->number);
	size = abstract_name(&name, text);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, size)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* To a server that is none of ours. 0, positive after one line, or -errno. */
static int client_connect_live(struct feeder *feeder, struct session *session)
{
	const struct conversation *conversation = session->conversation;
	const struct recorded_address *to = &conversation->local_address;
	int fd = socket(conversation->family, conversation->type | SOCK_CLOEXEC, 0);
	char name[160];

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)to->bytes, to->size)) {
		endpoint_print(&conversation->local, false, name, sizeof(name));
		trouble_say("ipctrace: cannot connect to %s: %s", name, strerror(errno));
		close(fd);
		return 1;
	}
	return session_begin(feeder, session, fd);
}

static int client_connect(struct feeder *feeder, struct session *session)
{
	const struct gate *gate;
	int fd;

	if (feeder->settings.is_live)
		return client_connect_live(feeder, session);
	gate = gate_find(feeder, session->conversation);
	fd = gate ? client_socket(feeder, session) : 0;
	if (!gate || fd < 0)
		return gate ? -errno : 0;
	if (connect(fd, (const struct sockaddr *)gate->at.bytes, gate->at.size) && errno != EINPROGRESS) {
		int rc = errno == EAGAIN ? 0 : -errno; /* its queue is full: later */
		close(fd);
		return rc;
	}
	return session_begin(feeder, session, fd);
}

static int clients_begin(struct feeder *feeder)
{
	for (uint32_t i = 0; i < feeder->conversations->count; i++) {
		struct session *session = &feeder->sessions[i];
		int rc;
		if (session->conversation->role != CONVERSATION_SERVER || session->is_claimed || session->is_over ||
		    !feeder_may_proceed(feeder, session, session->conversation->begin))
			continue;
		rc = client_connect(feeder, session);
		if (rc)
			return rc;
	}
	return 0;
}

bool feeder_clients_are_done(const struct feeder *feeder)
{
	uint32_t clients = 0;

	for (uint32_t i = 0; i < feeder->conversations->count; i++) {
		const struct session *session = &feeder->sessions[i];
		if (session->conversation->is_internal)
			continue;
		if (session->conversation->role != CONVERSATION_SERVER)
			return false;
		clients++;
		if (!session->is_over && session->next < session->conversation->messages_count)
			return false;
	}
	return clients != 0;
}

/* ---- the loop ----------------------------------------------------------------------------------------------- */

static int door_answer(struct feeder *feeder)
{
	const struct timeval limit = {1, 0};
	int connection, rc = 0;

	while (!rc && (connection = accept4(feeder->door, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		rc = feeder_answer(feeder, connection);
		close(connection);
		feeder->moved = pace_now();
	}
	return rc;
}

/* Those of which the program is to do the next thing hold up the others no longer. */
static void stuck_find(struct feeder *feeder)
{
	if (pace_now() - feeder->moved < STUCK_AFTER)
		return;
	for (uint32_t i = 0; i < feeder->conversations->count; i++)
		if (!feeder->sessions[i].is_over)
			feeder->sessions[i].is_stuck = true;
	feeder->is_stuck = true;
}

static int sessions_play(struct feeder *feeder)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < feeder->conversations->count && feeder->outcome == FEEDER_RUNNING; i++)
		if (feeder->sessions[i].fd >= 0)
			rc = session_play(feeder, &feeder->sessions[i]);
	if (!rc && feeder->outcome == FEEDER_RUNNING)
		feeder_sysv_play(feeder);
	return rc ? rc : clients_begin(feeder);
}

/* What is waited for: the door, the program's end, and every session. 0 or -ENOMEM. */
static int feeder_wait(const struct feeder *feeder, int child, int milliseconds)
{
	struct pollfd *fds = calloc(feeder->conversations->count + 2, sizeof(*fds));
	nfds_t count = 0;

	if (!fds)
		return -ENOMEM;
	fds[count++] = (struct pollfd){feeder->door, POLLIN};
	fds[count++] = (struct pollfd){child, POLLIN};
	for (uint32_t i = 0; i < feeder->conversations->count; i++) {
		const struct session *session = &feeder->sessions[i];
		if (session->fd >= 0 && !(session->is_ended && !session->wants_room))
			fds[count++] = (struct pollfd){session->fd, session->wants_room ? POLLIN | POLLOUT : POLLIN};
	}
	poll(fds, count, milliseconds);
	free(fds);
	return 0;
}

int feeder_step(struct feeder *feeder, int child)
{
	uint64_t before = feeder->moved;
	int rc = door_answer(feeder);

	stuck_find(feeder);
	if (!rc)
		rc = sessions_play(feeder);
	if (!rc && feeder->outcome == FEEDER_RUNNING && pace_now() - feeder->moved > feeder->settings.patience)
		feeder->outcome = FEEDER_STALLED;
	/* what moved may have set others free */
	if (rc || feeder->outcome != FEEDER_RUNNING || feeder->moved != before)
		return rc;
	if (feeder->players)
		return feeder_wait(feeder, child, 1);
	return feeder_wait(feeder, child, pace_now() - feeder->moved < STUCK_AFTER ? STEP_MS / 4 : STEP_MS);
}

/* What the record has and the program left out. */
static void left_out_tell(struct feeder *feeder)
{
	for (uint32_t i = 0; i < feeder->conversations->count; i++) {
		struct session *session = &feeder->sessions[i];
		char story[700];
		if (session->conversation->is_internal || session->is_claimed)
			continue;
		snprintf(story, sizeof(story), "%s: the program ended without it\n", session->conversation->name);
		feeder_diverge(feeder, session, story);
	}
}

void feeder_finish(struct feeder *feeder)
{
	enum feeder_outcome outcome = feeder->outcome;

	/* all its descriptors are closed, but for those of children that go on */
	for (uint32_t i = 0; i < feeder->conversations->count; i++) {
		struct session *session = &feeder->sessions[i];
		if (session->fd >= 0 && session_play(feeder, session))
			break;
		/* datagrams have no end that could be seen */
		session->is_ended |= session->conversation->is_datagram;
		if (session->fd >= 0 && session_play(feeder, session))
			break;
	}
	feeder_sysv_play(feeder);
	if (outcome == FEEDER_DONE) {
		left_out_tell(feeder);
		feeder_sysv_finish(feeder);
	}
	feeder->outcome = feeder->divergences ? FEEDER_DIVERGED : outcome;
}
