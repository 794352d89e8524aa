// SPDX-License-Identifier: MIT
/*
 * The ends that were not recorded, played from inside the process that talks to them: files, terminals, remote peers.
 * None of this is seen by a recorder.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "format/catalogue.h"
#include "replay/player.h"
#include "replay/raw.h"

/* Large enough that no recorded send or receipt has to wait for it. */
#define BUFFER_SIZE (32 << 20)
/* Other ends stay out of the way of what the program has. */
#define OTHER_MIN 700
/* A connection over the loopback comes about at once; ms. */
#define CONNECT_WITHIN 1000

static const char filler[65536];

void slot_set(struct player *player, uint32_t slot, int32_t fd)
{
	uint32_t object = SCORE_AT(player->score, slots, uint32_t)[slot];

	if (object != SCORE_NONE && fd >= 0 && player->fds[slot] < 0 && player->refs[object] < UINT8_MAX)
		player->refs[object]++;
	if (object != SCORE_NONE && fd < 0 && player->fds[slot] >= 0 && player->refs[object] &&
	    !--player->refs[object] && player->others[object] >= 0) {
		RAW_1(close, player->others[object]);
		player->others[object] = -1;
	}
	player->fds[slot] = fd;
}

static void object_publish(struct score *score, uint32_t object, int fd)
{
	struct sockaddr_in6 address = {0};
	socklen_t length = sizeof(address);

	if (!RAW_3(getsockname, fd, &address, &length) &&
	    (address.sin6_family == AF_INET || address.sin6_family == AF_INET6) && address.sin6_port)
		SCORE_AT(score, ports, uint16_t)[object] = address.sin6_port;
}

void port_publish(struct player *player, uint32_t slot, int fd)
{
	uint32_t object = SCORE_AT(player->score, slots, uint32_t)[slot];

	if (object != SCORE_NONE)
		object_publish(player->score, object, fd);
}

/* Takes `fd` as the other end of `object`, at a high number. */
static void other_set(struct player *player, uint32_t object, long fd)
{
	long high = fd < 0 ? fd : RAW_3(fcntl, fd, F_DUPFD_CLOEXEC, OTHER_MIN);

	if (fd < 0)
		return;
	if (high >= 0)
		RAW_1(close, fd);
	if (player->others[object] >= 0)
		RAW_1(close, player->others[object]);
	player->others[object] = (int32_t)(high >= 0 ? high : fd);
}

static void buffers_enlarge(long fd)
{
	int size = BUFFER_SIZE;

	if (RAW_5(setsockopt, fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		RAW_5(setsockopt, fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (RAW_5(setsockopt, fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		RAW_5(setsockopt, fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

void standin_make(struct player *player, uint32_t slot, uint32_t object, bool is_file)
{
	int pair[2];

	if (is_file) {
		slot_set(player, slot, (int32_t)RAW_2(memfd_create, "stand-in", 0));
		return;
	}
	if (player->others[object] >= 0) {
		/* another descriptor of the same thing */
		for (uint32_t i = 0; i < player->score->slots_count; i++)
			if (i != slot && SCORE_AT(player->score, slots, uint32_t)[i] == object && player->fds[i] >= 0) {
				slot_set(player, slot, (int32_t)RAW_1(dup, player->fds[i]));
				return;
			}
	}
	if (RAW_4(socketpair, AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	buffers_enlarge(pair[0]);
	buffers_enlarge(pair[1]);
	slot_set(player, slot, pair[0]);
	other_set(player, object, pair[1]);
}

static bool is_within(const struct score *score, uint32_t process, uint32_t ancestor)
{
	for (; process != SCORE_NONE; process = score_process(score, process)->parent)
		if (process == ancestor)
			return true;
	return false;
}

void standins_divide(struct player *player, uint32_t child, bool is_child)
{
	struct score *score = player->score;

	for (uint32_t i = 0; i < score->objects_count; i++) {
		uint32_t feeder = SCORE_AT(score, objects, const struct score_object)[i].feeder;
		if (player->others[i] < 0 || feeder == SCORE_NONE || is_within(score, feeder, child) == is_child)
			continue;
		RAW_1(close, player->others[i]);
		player->others[i] = -1;
	}
}

/* ---- before an act -------------------------------------------------------------------------------------------- */

/* Where a file is going to be read: what the call says, or where it stands. */
static long file_position(const struct player_thread *thread, const struct score_act *act, int fd)
{
	const struct call_spec *call = &catalogue_builtin.calls[act->call];

	for (unsigned arg = 0; arg < call->argc; arg++)
		if (call->args[arg].value.kind == KIND_OFFSET && call->args[arg].value.direction == DIRECTION_NONE)
			return (long)thread->words[arg];
	return RAW_3(lseek, fd, 0, SEEK_CUR);
}

/* The file ends behind what is to be read. */
static void feed_file(const struct player_thread *thread, const struct score_act *act, const struct score_feed *feed,
		      int fd, const char *bytes)
{
	long at = file_position(thread, act, fd);

	if (at < 0)
		return;
	if (feed->op == FEED_DATA && feed->size)
		RAW_4(pwrite64, fd, bytes, feed->size, at);
	RAW_2(ftruncate, fd, at + (feed->op == FEED_DATA ? feed->total : 0));
}

static long other_send(const struct player_thread *thread, const struct score_feed *feed, int other, const char *bytes,
		       size_t size)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	long sent;

	if (feed->type == SOCK_DGRAM && !RAW_3(getsockname, thread->player->fds[feed->slot], &address, &length)) {
		if (address.ss_family == AF_INET && !((struct sockaddr_in *)&address)->sin_addr.s_addr)
			((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return RAW_6(sendto, other, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, &address, length);
	}
	sent = RAW_6(sendto, other, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
	return sent == -ENOTSOCK ? RAW_3(write, other, bytes, size) : sent;
}

/* A full buffer is waited for a little: the reader is on its way only after this. */
static void feed_bytes(const struct player_thread *thread, const struct score_feed *feed, int other, const char *bytes)
{
	uint32_t at = 0;

	for (unsigned tries = 0; at < feed->total || (!feed->total && !tries);) {
		const char *from = at < feed->size ? bytes + at : filler;
		size_t size = at < feed->size ? feed->size - at : feed->total - at;
		long sent;
		if (at >= feed->size && size > sizeof(filler))
			size = sizeof(filler);
		sent = other_send(thread, feed, other, from, size);
		if (sent > 0)
			at += (uint32_t)sent;
		else if (sent != -EAGAIN || ++tries > 100)
			return;
		else
			player_sleep(player_now() + 100000);
	}
}

static void feed_reset(int other)
{
	struct linger linger = {1, 0};

	RAW_5(setsockopt, other, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* Where there is nobody yet. One that was recorded may be there: then he is talked to. */
static void feed_serve(struct player_thread *thread, const struct score_feed *feed, const void *address)
{
	long fd = RAW_3(socket, feed->family, feed->type | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return;
	RAW_5(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	buffers_enlarge(fd);
	if (RAW_3(bind, fd, address, feed->size) || RAW_2(listen, fd, 16)) {
		RAW_1(close, fd);
		return;
	}
	thread->listener = (int)fd;
}

static void feed_visit(struct player *player, const struct score_feed *feed)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	long fd;

	if (RAW_3(getsockname, player->fds[feed->slot], &address, &length))
		return;
	fd = RAW_3(socket, address.ss_family, feed->type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	buffers_enlarge(fd);
	if (RAW_3(connect, fd, &address, length))
		RAW_1(close, fd);
	else
		other_set(player, feed->object, fd);
}

static void feed_datagram(struct player *player, const struct score_feed *feed, const void *address)
{
	long fd;

	if (player->others[feed->object] >= 0 && player->seats[feed->object] == feed->data)
		return;
	fd = RAW_3(socket, feed->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	buffers_enlarge(fd);
	if (RAW_3(bind, fd, address, feed->size)) {
		RAW_1(close, fd);
		return;
	}
	player->seats[feed->object] = feed->data;
	other_set(player, feed->object, fd);
}

static void feed_do(struct player_thread *thread, const struct score_act *act, const struct score_feed *feed)
{
	struct player *player = thread->player;
	const char *bytes = SCORE_AT(player->score, pool, const char) + feed->data;
	int other = player->others[feed->object], fd = feed->slot == SCORE_NONE ? -1 : player->fds[feed->slot];

	switch (feed->op) {
	case FEED_SERVE:
		if (other < 0)
			feed_serve(thread, feed, bytes);
		return;
	case FEED_VISIT:
		feed_visit(player, feed);
		return;
	case FEED_DATAGRAM:
		feed_datagram(player, feed, bytes);
		return;
	default:
		break;
	}
	if (other < 0 && fd >= 0 && SCORE_AT(player->score, objects, struct score_object)[feed->object].is_standin)
		feed_file(thread, act, feed, fd, bytes);
	if (other < 0)
		return;
	if (feed->op == FEED_DATA) {
		feed_bytes(thread, feed, other, bytes);
		return;
	}
	if (feed->op == FEED_END && RAW_2(shutdown, other, SHUT_WR) != -ENOTSOCK)
		return;
	if (feed->op == FEED_RESET)
		feed_reset(other);
	RAW_1(close, other);
	player->others[feed->object] = -1;
}

void feeds_before(struct player_thread *thread, const struct score_act *act)
{
	const struct score_feed *feeds = SCORE_AT(thread->player->score, feeds, const struct score_feed) + act->feeds;

	for (uint16_t i = 0; i < act->feeds_count; i++)
		if (feeds[i].op != FEED_KEEP)
			feed_do(thread, act, &feeds[i]);
}

/* ---- after an act --------------------------------------------------------------------------------------------- */

static void feed_accept(struct player_thread *thread, const struct score_feed *feed)
{
	char path[sizeof(struct sockaddr_un) + 1] = "";
	const char *address = SCORE_AT(thread->player->score, pool, const char) + feed->data;

	struct pollfd wait = {.fd = thread->listener, .events = POLLIN};

	if (thread->listener < 0)
		return;
	if (RAW_3(poll, &wait, 1, CONNECT_WITHIN) > 0)
		other_set(thread->player, feed->object, RAW_4(accept4, thread->listener, 0, 0, SOCK_CLOEXEC));
	RAW_1(close, thread->listener);
	thread->listener = -1;
	if (feed->family != AF_UNIX || feed->size <= 2 || !address[2])
		return;
	for (uint32_t i = 2; i < feed->size && i < sizeof(path); i++)
		path[i - 2] = address[i];
	RAW_1(unlink, path);
}

void feeds_after(struct player_thread *thread, const struct score_act *act)
{
	struct player *player = thread->player;
	const struct score_feed *feeds = SCORE_AT(player->score, feeds, const struct score_feed) + act->feeds;

	for (uint16_t i = 0; i < act->feeds_count; i++) {
		if (feeds[i].op == FEED_SERVE)
			feed_accept(thread, &feeds[i]);
		if (feeds[i].op == FEED_KEEP && player->fds[feeds[i].slot] >= 0)
			other_set(player, feeds[i].object, RAW_1(dup, player->fds[feeds[i].slot]));
	}
}

void standin_drain(struct player *player, uint32_t slot)
{
	uint32_t object = SCORE_AT(player->score, slots, uint32_t)[slot];
	char bytes[16384];

	if (object == SCORE_NONE)
		return;
	if (player->others[object] >= 0) {
		while (RAW_6(recvfrom, player->others[object], bytes, sizeof(bytes), MSG_DONTWAIT, 0, 0) > 0)
			;
	} else if (SCORE_AT(player->score, objects, struct score_object)[object].is_standin) {
		RAW_2(ftruncate, player->fds[slot], 0);
		RAW_3(lseek, player->fds[slot], 0, SEEK_SET);
	}
}
