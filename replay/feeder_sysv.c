// SPDX-License-Identifier: MIT
/*
 * The absent peer on System V objects: its messages are sent and the program's to it received, its semaphores are given
 * where the program waits for them. All on real objects, in a namespace of their own or at keys that
 * nobody else has.
 *
 * They have no descriptors: whoever plays them has to look from time to time.
 */
#include "replay/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "replay/pace.h"

#define MESSAGE_MAX 65536

struct message_buffer {
	long type;
	char bytes[MESSAGE_MAX];
};

/* ---- before ------------------------------------------------------------------------------------------------- */

static int line_write(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : write(fd, line, strlen(line));

	if (fd >= 0)
		close(fd);
	return size < 0 ? -errno : 0;
}

/* As ourselves, but in a name space of users where we may have one of System V objects. */
static int users_unshare(void)
{
	unsigned user = geteuid(), group = getegid();
	char line[64];
	int rc;

	if (unshare(CLONE_NEWUSER | CLONE_NEWIPC))
		return -errno;
	line_write("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "%u %u 1", user, user);
	rc = line_write("/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "%u %u 1", group, group);
	return rc ? rc : line_write("/proc/self/gid_map", line);
}

/* The object of a kind at a live key; made with `flags`. Its id, or -1. */
static int object_open(enum sysv_kind kind, int32_t key, uint64_t size, int flags)
{
	bool makes = flags & IPC_CREAT;

	switch (kind) {
	case SYSV_QUEUE:
		return msgget(key, flags);
	case SYSV_SEMAPHORES:
		return semget(key, makes ? (int)(size && size < INT16_MAX ? size : 1) : 0, flags);
	default:
		return shmget(key, makes ? (size ? size : 1) : 0, flags);
	}
}

static void object_remove(enum sysv_kind kind, int32_t key)
{
	int id = object_open(kind, key, 0, 0);

	if (id < 0)
		return;
	if (kind == SYSV_QUEUE)
		msgctl(id, IPC_RMID, NULL);
	else if (kind == SYSV_SEMAPHORES)
		semctl(id, 0, IPC_RMID);
	else
		shmctl(id, IPC_RMID, NULL);
}

/* Our keys: drawn by lot, and nobody's yet. */
#define KEYS_OWN  0x7e000000
#define KEYS_MASK 0x00ffffff

bool feeder_sysv_key(struct feeder *feeder, enum sysv_kind kind, int32_t key, int32_t *own)
{
	struct sysv_key *made;

	*own = key;
	if (!feeder->has_keys)
		return true;
	for (uint32_t i = 0; i < feeder->keys_count; i++)
		if (feeder->keys[i].kind == kind && feeder->keys[i].asked == key) {
			*own = feeder->keys[i].own;
			return true;
		}
	made = array_add((void **)&feeder->keys, &feeder->keys_count, sizeof(*made));
	if (!made)
		return false;
	do {
		uint32_t lot;
		if (getrandom(&lot, sizeof(lot), 0) != sizeof(lot))
			return false;
		*own = (int32_t)(KEYS_OWN | (lot & KEYS_MASK));
	} while (object_open(kind, *own, 0, 0) >= 0 || errno != ENOENT);
	*made = (struct sysv_key){kind, key, *own};
	return true;
}

static int object_find(struct feeder *feeder, const struct recorded_sysv *sysv, int flags)
{
	int32_t key;

	return feeder_sysv_key(feeder, sysv->kind, sysv->key, &key) ? object_open(sysv->kind, key, sysv->size, flags)
								    : -1;
}

int feeder_sysv_prepare(struct feeder *feeder, const struct recorded_sysvs *sysv)
{
	feeder->sysv = sysv;
	if (!sysv->count)
		return 0;
	feeder->has_keys = unshare(CLONE_NEWIPC) && users_unshare();
	feeder->players = calloc(sysv->count, sizeof(*feeder->players));
	if (!feeder->players)
		return -ENOMEM;
	for (uint32_t i = 0; i < sysv->count; i++) {
		struct sysv_player *player = &feeder->players[i];
		player->id = -1;
		player->is_done = calloc(sysv->list[i].messages_count + 1, sizeof(*player->is_done));
		if (!player->is_done)
			return -ENOMEM;
		/* what the program found, it is to find */
		if (!sysv->list[i].is_created && object_find(feeder, &sysv->list[i], IPC_CREAT | 0600) < 0)
			return -errno;
	}
	return 0;
}

void feeder_sysv_free(struct feeder *feeder)
{
	for (uint32_t i = 0; feeder->players && i < feeder->sysv->count; i++)
		free(feeder->players[i].is_done);
	free(feeder->players);
	for (uint32_t i = 0; i < feeder->keys_count; i++)
		object_remove(feeder->keys[i].kind, feeder->keys[i].own);
	free(feeder->keys);
}

/* ---- order -------------------------------------------------------------------------------------------------- */

static bool is_expected(const struct queue_message *message)
{
	return !message->is_received && !message->is_internal;
}

/* Whether all that the program had sent before `time` has come. */
bool feeder_sysv_may_proceed(const struct feeder *feeder, uint64_t time)
{
	for (uint32_t i = 0; feeder->players && i < feeder->sysv->count; i++) {
		const struct recorded_sysv *sysv = &feeder->sysv->list[i];
		for (uint32_t k = feeder->players[i].first; k < sysv->messages_count; k++) {
			if (sysv->messages[k].time >= time)
				break;
			if (is_expected(&sysv->messages[k]) && !feeder->players[i].is_done[k])
				return feeder->is_stuck;
		}
	}
	return true;
}

static void message_done(struct feeder *feeder, const struct recorded_sysv *sysv, struct sysv_player *player,
			 uint32_t at)
{
	player->is_done[at] = true;
	while (player->first < sysv->messages_count &&
	       (player->is_done[player->first] || sysv->messages[player->first].is_internal))
		player->first++;
	feeder->moved = pace_now();
	feeder->is_stuck = false;
}

/* ---- what the program sends --------------------------------------------------------------------------------- */

/* Numbers of processes are types as well: those of the record stand for those of the run, as they turn up. */
static bool is_type(struct feeder *feeder, int64_t recorded, int64_t live)
{
	uintptr_t known;

	if (recorded == live)
		return true;
	if (!map_get(&feeder->masks->numbers[MASKS_RECORDED].pids, (uint64_t)recorded))
		return false;
	known = (uintptr_t)map_get(&feeder->types, (uint64_t)recorded);
	if (!known)
		map_put(&feeder->types, (uint64_t)recorded, (void *)(uintptr_t)live);
	return !known || (int64_t)known == live;
}

static bool is_content(const struct feeder *feeder, const char *recorded, uint64_t recorded_size, const char *live,
		       uint64_t size, bool *is_masked)
{
	struct text masked[2] = {{0}, {0}};
	bool equal = recorded_size == size && !memcmp(recorded, live, size);

	*is_masked = false;
	if (equal)
		return true;
	masks_apply(feeder->masks, MASKS_RECORDED, recorded, recorded_size, &masked[0]);
	masks_apply(feeder->masks, MASKS_LIVE, live, size, &masked[1]);
	equal = masked[0].size == masked[1].size && !memcmp(masked[0].bytes, masked[1].bytes, masked[0].size);
	*is_masked = equal;
	text_free(&masked[0]);
	text_free(&masked[1]);
	return equal;
}

static void tell_message(struct text *story, const char *label, int64_t type, const char *bytes, uint64_t size)
{
	text_format(story, "  %-9stype %" PRId64 ", %" PRIu64 " bytes: \"", label, type, size);
	text_escape(story, (const uint8_t *)bytes, size < 200 ? size : 200);
	text_put(story, size < 200 ? "\"\n" : "\"...\n");
}

/* Which of the messages that are expected it is: threads may send in another order. */
static void message_compare(struct feeder *feeder, const struct recorded_sysv *sysv, struct sysv_player *player,
			    const struct message_buffer *live, uint64_t size)
{
	const struct queue_message *first = NULL;
	struct text story = {0};
	bool is_masked;

	for (uint32_t k = player->first; k < sysv->messages_count; k++) {
		const struct queue_message *message = &sysv->messages[k];
		if (!is_expected(message) || player->is_done[k])
			continue;
		/* of the same type it is most likely meant to be */
		if (!first || (first->type != live->type && message->type == live->type))
			first = message;
		if (!is_type(feeder, message->type, live->type) ||
		    !is_content(feeder, sysv->bytes.bytes + message->offset, message->size, live->bytes, size,
				&is_masked))
			continue;
		feeder->sysv_matched++;
		feeder->sysv_masked += is_masked;
		message_done(feeder, sysv, player, k);
		return;
	}
	text_format(&story, "queue 0x%x: a message that the program sends\n", (unsigned)sysv->key);
	if (first)
		tell_message(&story, "recorded", first->type, sysv->bytes.bytes + first->offset, first->size);
	else
		text_put(&story, "  recorded nothing more\n");
	tell_message(&story, "now", live->type, live->bytes, size);
	feeder_diverge(feeder, NULL, text_string(&story));
	text_free(&story);
	if (first)
		message_done(feeder, sysv, player, (uint32_t)(first - sysv->messages));
}

/* Only where nobody but the program is received from: else by the types that are expected. */
static void messages_take(struct feeder *feeder, const struct recorded_sysv *sysv, struct sysv_player *player)
{
	static struct message_buffer live;
	bool is_mixed = false, any = false;

	for (uint32_t k = 0; k < sysv->messages_count; k++) {
		is_mixed |= sysv->messages[k].is_received || sysv->messages[k].is_internal;
		any |= is_expected(&sysv->messages[k]);
	}
	for (uint32_t k = is_mixed ? player->first : 0; any && k < (is_mixed ? sysv->messages_count : 1); k++) {
		long type = is_mixed ? sysv->messages[k].type : 0;
		ssize_t size;
		if (is_mixed && (!is_expected(&sysv->messages[k]) || player->is_done[k]))
			continue;
		while ((size = msgrcv(player->id, &live, sizeof(live.bytes), type, IPC_NOWAIT | MSG_NOERROR)) >= 0)
			message_compare(feeder, sysv, player, &live, (uint64_t)size);
	}
}

/* ---- what it is to receive ---------------------------------------------------------------------------------- */

static void messages_give(struct feeder *feeder, const struct recorded_sysv *sysv, struct sysv_player *player)
{
	static struct message_buffer live;

	for (uint32_t k = player->first; k < sysv->messages_count; k++) {
		const struct queue_message *message = &sysv->messages[k];
		uintptr_t known;
		if (!message->is_received || message->is_internal || player->is_done[k])
			continue;
		if (!feeder_may_proceed(feeder, NULL, message->time))
			return;
		known = (uintptr_t)map_get(&feeder->types, (uint64_t)message->type);
		live.type = known ? (long)known : message->type;
		memcpy(live.bytes, sysv->bytes.bytes + message->offset,
		       message->size < MESSAGE_MAX ? message->size : MESSAGE_MAX);
		if (msgsnd(player->id, &live, message->size, IPC_NOWAIT))
			return;
		message_done(feeder, sysv, player, k);
	}
}

/*
 * The next change of each semaphore, as soon as the program waits for it. In no order with the messages: whoever waited
 * here in the record need not be the one who does now.
 */
static void semaphores_give(struct feeder *feeder, const struct recorded_sysv *sysv, struct sysv_player *player)
{
	for (uint32_t k = player->step; k < sysv->steps_count; k++) {
		const struct semaphore_step *step = &sysv->steps[k];
		struct sembuf operation = {step->number, step->change, IPC_NOWAIT};
		if (semctl(player->id, step->number, step->change > 0 ? GETNCNT : GETZCNT) <= 0 ||
		    semop(player->id, &operation, 1))
			return;
		player->step = k + 1;
		feeder->moved = pace_now();
	}
}

void feeder_sysv_play(struct feeder *feeder)
{
	for (uint32_t i = 0; feeder->players && i < feeder->sysv->count; i++) {
		const struct recorded_sysv *sysv = &feeder->sysv->list[i];
		struct sysv_player *player = &feeder->players[i];
		if (player->id < 0)
			player->id = object_find(feeder, sysv, 0);
		if (player->id < 0)
			continue;
		if (sysv->kind == SYSV_QUEUE) {
			messages_take(feeder, sysv, player);
			if (feeder->outcome != FEEDER_DIVERGED)
				messages_give(feeder, sysv, player);
		} else if (sysv->kind == SYSV_SEMAPHORES) {
			semaphores_give(feeder, sysv, player);
		}
	}
}

void feeder_sysv_finish(struct feeder *feeder)
{
	for (uint32_t i = 0; feeder->players && i < feeder->sysv->count; i++) {
		const struct recorded_sysv *sysv = &feeder->sysv->list[i];
		struct text story = {0};
		for (uint32_t k = 0; k < sysv->messages_count && !story.size; k++) {
			const struct queue_message *message = &sysv->messages[k];
			if (!is_expected(message) || feeder->players[i].is_done[k])
				continue;
			text_format(&story, "queue 0x%x: the program ended without sending\n", (unsigned)sysv->key);
			tell_message(&story, "recorded", message->type, sysv->bytes.bytes + message->offset,
				     message->size);
		}
		if (story.size)
			feeder_diverge(feeder, NULL, text_string(&story));
		text_free(&story);
	}
}
