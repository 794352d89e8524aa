// SPDX-License-Identifier: MIT
/*
 * See log.h.
 */
#include "posix/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/object.h"
#include "format/posix_object.h"
#include "trace/clock.h"
#include "trace/log_file.h"
#include "posix/names.h"
#include "posix/pack.h"

struct posix_log {
	int fd;
	struct posix_shared *shared;
	struct log_writer *writer;
	struct posix_pack *pack;
	struct log_anchor since; /* the last frame */
	uint64_t bytes;		 /* of events in the log, as they were in the stream */
	/* where the log loops: all that is in it, to write it again without the oldest */
	uint8_t *kept;
	size_t kept_room;
};

static uint64_t record_bytes(const struct posix_record *record)
{
	return record->head.words * 8ull;
}

/* ---- what the log says of the stream ---- */

static struct object_posix object_of(const struct posix_shared *shared, struct posix_event_type *types)
{
	const struct posix_attributes *attributes = &shared->attributes;
	uint32_t state = __atomic_load_n(&shared->state, __ATOMIC_ACQUIRE);
	struct object_posix object = {
		.name = attributes->name,
		.version = attributes->version,
		.created = shared->created.realtime,
		.inherited = (uint32_t)attributes->inherited,
		.stream_policy = (uint32_t)attributes->stream_policy,
		.log_policy = (uint32_t)attributes->log_policy,
		.stream_size = attributes->stream_size,
		.data_size = attributes->data_size,
		.log_size = attributes->log_size,
		.stream_status = state & STREAM_RUNNING ? POSIX_TRACE_RUNNING : POSIX_TRACE_SUSPENDED,
		.stream_full = state & STREAM_FULL ? POSIX_TRACE_FULL : POSIX_TRACE_NOT_FULL,
		.stream_overrun = shared->overrun,
		.flush_error = shared->flush_error,
		.log_overrun = shared->log_overrun,
		.log_full = shared->log_full,
		.types_count = event_names_count(),
		.types = types,
	};

	for (uint32_t i = 0; i < object.types_count; i++)
		types[i] = (struct posix_event_type){EVENT_USER_FIRST + i, event_name(EVENT_USER_FIRST + i)};
	return object;
}

static int object_pack(struct posix_log *log)
{
	struct posix_event_type types[EVENT_NAMES_MAX];
	const struct object_posix object = object_of(log->shared, types);

	return object_pack_posix(log_writer_packer(log->writer), &object);
}

static struct log_head head_of(const struct posix_shared *shared)
{
	static const uint32_t policies[] = {[POSIX_TRACE_LOOP] = FULL_OVERWRITE,
					    [POSIX_TRACE_UNTIL_FULL] = FULL_DROP,
					    [POSIX_TRACE_FLUSH] = FULL_DROP};
	static char name[TRACE_NAME_MAX];
	static char *command[] = {name, NULL};
	const struct trace_settings settings = {
		.payload_limit = (uint32_t)shared->attributes.data_size,
		.full_policy = policies[shared->attributes.stream_policy],
	};

	memcpy(name, shared->attributes.name, sizeof(name));
	return log_file_head(&settings, &catalogue_posix, IPCTRACE_VERSION, name[0] ? command : NULL);
}

/* ---- the file ---- */

static int file_begin(struct posix_log *log)
{
	struct log_head head = head_of(log->shared);
	int rc;

	log_writer_free(log->writer);
	log->writer = NULL;
	if (ftruncate(log->fd, 0) || lseek(log->fd, 0, SEEK_SET))
		return errno;
	rc = log_writer_open(&log->writer, log->fd, &head);
	if (rc)
		return -rc;
	posix_pack_begin(log->pack, log->writer);
	log->since = log->shared->created;
	return 0;
}

int posix_log_open(struct posix_log **log, int fd, struct posix_shared *shared)
{
	struct posix_log *made = calloc(1, sizeof(*made));
	int rc = made ? -posix_pack_new(&made->pack) : ENOMEM;

	if (!rc) {
		made->fd = fd;
		made->shared = shared;
		rc = -posix_pack_meet(made->pack, shared->controller);
	}
	if (!rc)
		rc = file_begin(made);
	if (!rc)
		rc = posix_log_flush(made);
	if (!rc) {
		*log = made;
		return 0;
	}
	if (made) {
		log_writer_free(made->writer);
		posix_pack_free(made->pack);
	}
	free(made);
	return rc;
}

int posix_log_flush(struct posix_log *log)
{
	struct log_anchor now = anchor_read(log->shared->clock_is_tsc);

	if (!log->writer)
		return EIO;
	int rc = posix_pack_finish(log->pack);
	if (!rc)
		rc = object_pack(log);
	if (!rc)
		rc = log_writer_flush(log->writer, &log->since, &now);
	if (rc)
		log_writer_discard(log->writer);
	posix_pack_written(log->pack, !rc);
	log->since = now;
	return -rc;
}

static int pack(struct posix_log *log, const struct posix_record *record)
{
	int rc = log->writer ? posix_pack_add(log->pack, record) : -EIO;

	if (!rc && log_writer_pending(log->writer) >= LOG_FRAME_TARGET)
		return posix_log_flush(log);
	return -rc;
}

/* ---- the full policies ---- */

/* The last event of a log that is full. */
static int full_say(struct posix_log *log, const struct posix_record *record)
{
	struct {
		struct posix_record record;
		uint64_t by_itself;
	} stop = {{.head = {.words = sizeof(stop) / 8},
		   .ticks = record->ticks,
		   .pid = record->pid,
		   .tid = record->tid,
		   .event = POSIX_TRACE_STOP,
		   .size = sizeof(int),
		   .total = sizeof(int)},
		  1};

	log->shared->log_full = POSIX_TRACE_FULL;
	return pack(log, &stop.record);
}

/* Where there is no room for the event and a POSIX_TRACE_STOP, that is the last one. */
static int add_until_full(struct posix_log *log, const struct posix_record *record)
{
	struct posix_shared *shared = log->shared;
	uint64_t stop = sizeof(struct posix_record) + 8;

	if (!shared->log_full && log->bytes + record_bytes(record) + stop <= shared->attributes.log_size) {
		log->bytes += record_bytes(record);
		return pack(log, record);
	}
	int rc = shared->log_full ? 0 : full_say(log, record);
	shared->log_overrun = POSIX_TRACE_OVERRUN;
	return rc ? rc : -posix_pack_skip(log->pack, record);
}

/* The file begins again, with the younger half of what was in it: writing all of it for each event would take long. */
static int loop(struct posix_log *log, uint64_t needed)
{
	uint64_t at = 0, most = log->shared->attributes.log_size / 2;
	int rc = file_begin(log);

	while (!rc && at < log->bytes && log->bytes - at + needed > most) {
		const struct posix_record *record = (const void *)(log->kept + at);
		rc = -posix_pack_skip(log->pack, record);
		at += record_bytes(record);
	}
	memmove(log->kept, log->kept + at, log->bytes - at);
	log->bytes -= at;
	for (at = 0; !rc && at < log->bytes; at += record_bytes((const void *)(log->kept + at)))
		rc = pack(log, (const void *)(log->kept + at));
	log->shared->log_full = POSIX_TRACE_FULL;
	log->shared->log_overrun = POSIX_TRACE_OVERRUN;
	return rc;
}

static bool keep(struct posix_log *log, const struct posix_record *record)
{
	if (log->bytes + record_bytes(record) > log->kept_room) {
		size_t room = 2 * (log->kept_room + record_bytes(record));
		uint8_t *kept = realloc(log->kept, room);
		if (!kept)
			return false;
		log->kept = kept;
		log->kept_room = room;
	}
	memcpy(log->kept + log->bytes, record, record_bytes(record));
	log->bytes += record_bytes(record);
	return true;
}

static int add_looping(struct posix_log *log, const struct posix_record *record)
{
	int rc = 0;

	if (log->bytes + record_bytes(record) > log->shared->attributes.log_size)
		rc = loop(log, record_bytes(record));
	if (!rc && !keep(log, record))
		rc = ENOMEM;
	return rc ? rc : pack(log, record);
}

int posix_log_add(struct posix_log *log, const struct posix_record *record)
{
	switch (log->shared->attributes.log_policy) {
	case POSIX_TRACE_LOOP:
		return add_looping(log, record);
	case POSIX_TRACE_UNTIL_FULL:
		return add_until_full(log, record);
	default:
		return pack(log, record);
	}
}

int posix_log_restart(struct posix_log *log)
{
	int rc = file_begin(log);

	log->bytes = 0;
	log->shared->log_full = log->shared->log_overrun = 0;
	return rc ? rc : posix_log_flush(log);
}

int posix_log_close(struct posix_log *log, uint64_t lost)
{
	if (!log)
		return 0;
	int rc = log->writer ? posix_log_flush(log) : EIO;
	if (!rc) {
		struct posix_pack_account account = posix_pack_account(log->pack);
		const struct object_end end = {
			.ticks = ticks_read(log->shared->clock_is_tsc),
			.events = account.events,
			.lost_full = account.lost + lost,
			.processes = account.processes,
			.threads = account.threads,
			.bytes = log_writer_size(log->writer),
		};
		rc = -object_pack_end(log_writer_packer(log->writer), &end);
	}
	if (!rc)
		rc = posix_log_flush(log);
	log_writer_free(log->writer);
	posix_pack_free(log->pack);
	free(log->kept);
	free(log);
	return rc;
}
