// SPDX-License-Identifier: MIT
/*
 * One conversation, played: what the program sends is compared as it comes, and what it is to receive is sent when
 * everything before it has happened.
 */
#include "replay/feeder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "replay/pace.h"

/*
 * What differs may become equal under the masks when more comes; so long without more, and it will not: ns, more when
 * more is expected, for a program on a loaded machine that sends in pieces.
 */
#define DIFFERENCE_SETTLED 200000000ull
#define SHORT_SETTLED	   2000000000ull

#define RECEIVE_BYTES 65536

/* Of descriptors in one message, as the kernel has it. */
#define RIGHTS_MAX 253

int session_begin(struct feeder *feeder, struct session *session, int fd)
{
	session->fd = fd;
	session->is_claimed = true;
	feeder->moved = pace_now();
	/* the program did not hear of the failure at once, but will */
	if (session->conversation->late_error && !session->conversation->messages_count)
		session_end(feeder, session);
	return 0;
}

void session_end(struct feeder *feeder, struct session *session)
{
	if (session->other >= 0)
		close(session->other);
	if (session->fd >= 0)
		close(session->fd);
	session->fd = session->other = -1;
	session->is_over = true;
	feeder->moved = pace_now();
}

/* ---- divergence --------------------------------------------------------------------------------------------- */

static void tell_head(const struct session *session, uint64_t offset, struct text *story)
{
	const struct expectation *expectation = &session->expectation;

	text_format(story, "%s: byte %" PRIu64 " of what the program sends", session->conversation->name,
		    expectation->matched);
	if (expectation->live + offset != expectation->matched)
		text_format(story, ", byte %" PRIu64 " now", expectation->live + offset);
	text_format(story, ", message %" PRIu32 "\n", expectation->messages + 1);
}

/* Two rows of bytes, from a little before `at`: where they stand, in hexadecimal, as text. */
static void tell_bytes(struct text *story, const char *label, const char *bytes, uint64_t size, uint64_t at)
{
	uint64_t row = at > 16 ? (at - 8) & ~15ull : 0;

	for (unsigned rows = 0; rows < 3 && (row < size || !rows); rows++, row += 16) {
		text_format(story, "  %-9s%08" PRIx64 " ", rows ? "" : label, row);
		for (uint64_t i = row; i < row + 16; i++)
			if (i < size)
				text_format(story, "%c%02x", i == at ? '>' : ' ', (uint8_t)bytes[i]);
			else
				text_put(story, i == at ? ">--" : "   ");
		text_put(story, "  ");
		for (uint64_t i = row; i < row + 16 && i < size; i++)
			text_char(story, bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
		text_char(story, '\n');
	}
}

void feeder_tell_difference(const struct feeder *feeder, const struct session *session, struct text *story)
{
	const struct expectation *expectation = &session->expectation;
	const struct conversation *conversation = session->conversation;
	uint64_t offset = expectation_difference(expectation);
	const struct message *turn;

	tell_head(session, offset, story);
	if (expectation_is_met(expectation)) {
		text_put(story, "  recorded nothing more\n");
	} else {
		turn = &conversation->messages[expectation->turn];
		tell_bytes(story, "recorded", conversation->streams[STREAM_OUT].bytes + turn->offset, turn->size,
			   offset);
	}
	if (expectation->said.size || !session->is_ended)
		tell_bytes(story, "now", expectation->said.bytes, expectation->said.size, offset);
	else
		text_put(story, "  now      nothing more: it closed the connection\n");
}

static void session_diverge(struct feeder *feeder, struct session *session)
{
	struct text story = {0};

	feeder_tell_difference(feeder, session, &story);
	feeder_diverge(feeder, session, text_string(&story));
	text_free(&story);
	session->differs_since = 0;
	session->forgiven += !expectation_is_met(&session->expectation);
	expectation_forgive(&session->expectation);
}

/* ---- what the program sends --------------------------------------------------------------------------------- */

/* Another connection to the same place of which this is said. Whether there is one. */
static bool session_swap(struct feeder *feeder, struct session *session)
{
	for (uint32_t i = 0; i < feeder->conversations->count; i++) {
		struct session *other = &feeder->sessions[i];
		const struct conversation *theirs = other->conversation;
		if (other == session || other->is_over || theirs->role != CONVERSATION_CLIENT ||
		    session->conversation->role != CONVERSATION_CLIENT || other->next > session->next ||
		    theirs->connect_error != session->conversation->connect_error ||
		    !endpoint_equal(&theirs->remote, &session->conversation->remote) ||
		    !expectation_swap(&session->expectation, &other->expectation))
			continue;
		other->conversation = session->conversation;
		session->conversation = theirs;
		return true;
	}
	return false;
}

static int session_take(struct feeder *feeder, struct session *session, const char *bytes, size_t size)
{
	int rc = expectation_take(&session->expectation, bytes, size);

	if (rc == EXPECTATION_E_DIFFERS && session_swap(feeder, session))
		rc = expectation_take(&session->expectation, NULL, 0);
	if (rc < 0)
		return rc;
	feeder->moved = pace_now();
	session->is_stuck = false;
	if (rc == EXPECTATION_E_BEYOND)
		session_diverge(feeder, session);
	else
		session->differs_since = rc ? feeder->moved : 0;
	return 0;
}

static int session_receive(struct feeder *feeder, struct session *session)
{
	char bytes[RECEIVE_BYTES];

	while (!session->is_ended && session->fd >= 0) {
		ssize_t size = recv(session->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		int rc;
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return 0;
		if (size > 0 || (!size && session->conversation->is_datagram)) {
			rc = session_take(feeder, session, bytes, (size_t)size);
			if (rc)
				return rc;
			continue;
		}
		/* it has closed its end, perhaps without having read all */
		session->is_ended = true;
		feeder->moved = pace_now();
	}
	return 0;
}

/* Whether what has been sent is not going to become what was recorded. */
static bool has_settled(const struct session *session)
{
	if (session->is_ended)
		return session->differs_since || !expectation_is_met(&session->expectation);
	return session->differs_since &&
	       pace_now() - session->differs_since >
		       (expectation_is_short(&session->expectation) ? SHORT_SETTLED : DIFFERENCE_SETTLED);
}

/* ---- what it is to receive ---------------------------------------------------------------------------------- */

/* When, by the record, the session does what it does next. */
static uint64_t time_next(const struct session *session)
{
	if (session->is_over)
		return UINT64_MAX;
	if (!session->is_claimed)
		return session->conversation->begin;
	return session->next < session->conversation->messages_count
		       ? session->conversation->messages[session->next].time
		       : UINT64_MAX;
}

bool feeder_may_proceed(const struct feeder *feeder, const struct session *session, uint64_t time)
{
	for (uint32_t i = 0; i < feeder->conversations->count; i++) {
		const struct session *other = &feeder->sessions[i];
		if (other != session && !other->is_stuck && time_next(other) < time)
			return false;
	}
	return feeder_sysv_may_proceed(feeder, time);
}

/* A socket on which the recorded bytes wait; what is written to it is read by nobody. Its other end stays open. */
static int descriptor_talk(struct feeder *feeder, const struct recorded_descriptor *recorded)
{
	int *kept = reallocarray(feeder->kept, feeder->kept_count + 1, sizeof(*kept)), ends[2];

	if (!kept)
		return -1;
	feeder->kept = kept;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	if (recorded->content.size)
		send(ends[1], recorded->content.bytes, recorded->content.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (recorded->is_ended)
		shutdown(ends[1], SHUT_WR);
	kept[feeder->kept_count++] = ends[1];
	return ends[0];
}

/* Something real in the place of a descriptor that came in a message: -1 when it cannot be had. */
static int descriptor_make(struct feeder *feeder, const struct recorded_descriptor *recorded)
{
	int fd;

	if (recorded->talks)
		return descriptor_talk(feeder, recorded);
	fd = memfd_create("recorded", MFD_CLOEXEC);
	if (fd >= 0 && recorded->content.size && pwrite(fd, recorded->content.bytes, recorded->content.size, 0) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The first bytes of a message, with the descriptors that came with them. As send(). */
static ssize_t rights_give(struct feeder *feeder, int to, const struct message *message, const char *bytes)
{
	union {
		char bytes[CMSG_SPACE(RIGHTS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec vector = {(void *)bytes, message->size};
	size_t count = message->rights_count < RIGHTS_MAX ? message->rights_count : RIGHTS_MAX;
	struct msghdr head = {.msg_iov = &vector,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	int fds[RIGHTS_MAX];
	ssize_t size;

	for (size_t i = 0; i < count; i++)
		fds[i] = descriptor_make(feeder, &feeder->conversations->descriptors[message->rights + i]);
	control.align = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
	size = sendmsg(to, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return size;
}

/* As much of the message as there is room for: 0 when all of it was given, EAGAIN, or an error number. */
static int session_give(struct feeder *feeder, struct session *session, const struct message *message)
{
	const char *bytes = session->conversation->streams[STREAM_IN].bytes + message->offset;

	do {
		ssize_t size = message->rights_count && !session->given
				       ? rights_give(feeder, session->fd, message, bytes)
				       : send(session->fd, bytes + session->given, message->size - session->given,
					      MSG_DONTWAIT | MSG_NOSIGNAL);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return errno;
		session->given += (uint64_t)size;
	} while (session->given < message->size);
	return 0;
}

/* Unread bytes make closing a reset: the program's own end sends one that we do not read. */
static void session_reset(struct feeder *feeder, struct session *session)
{
	ssize_t sent = session->other < 0 ? 0 : send(session->other, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);

	/* a full queue is unread as well */
	(void)sent;
	session_end(feeder, session);
}

/* What was sent by the program is compared elsewhere: whether it has come so far. */
static bool is_behind(const struct session *session, const struct message *message)
{
	if (message->sort == MESSAGE_END)
		return session->is_ended;
	return session->expectation.matched >= message->offset + message->size &&
	       (session->expectation.turn > session->next);
}

/* One message. Whether it is done. */
static bool message_play(struct feeder *feeder, struct session *session, const struct message *message)
{
	int error;

	if (message->direction == STREAM_OUT)
		return is_behind(session, message);
	if (!session->given && !feeder_may_proceed(feeder, session, message->time))
		return false;
	switch (message->sort) {
	case MESSAGE_END:
		shutdown(session->fd, SHUT_WR);
		return true;
	case MESSAGE_RESET:
		session_reset(feeder, session);
		return true;
	default:
		error = session_give(feeder, session, message);
		session->wants_room = error == EAGAIN;
		/* the program does not read any more: what it sends will tell whether that was so */
		return !error || error != EAGAIN;
	}
}

static void messages_play(struct feeder *feeder, struct session *session)
{
	const struct conversation *conversation = session->conversation;

	while (session->fd >= 0 && session->next < conversation->messages_count &&
	       message_play(feeder, session, &conversation->messages[session->next])) {
		session->next++;
		session->given = 0;
		session->is_stuck = false;
		feeder->moved = pace_now();
	}
}

int session_play(struct feeder *feeder, struct session *session)
{
	int rc = session_receive(feeder, session);

	if (rc || session->fd < 0)
		return rc;
	if (has_settled(session)) {
		session->differs_since = 0;
		if (expectation_settle(&session->expectation))
			session_diverge(feeder, session);
	}
	/* after a divergence that is not forgiven there is nothing right to say */
	if (feeder->outcome == FEEDER_DIVERGED)
		return 0;
	messages_play(feeder, session);
	if (session->is_ended && session->fd >= 0)
		session_end(feeder, session);
	return 0;
}
