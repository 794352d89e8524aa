// SPDX-License-Identifier: MIT
/*
 * See recorded.h. Events come from libipctrace, which puts them in order; what the log says of the stream from
 * the log itself.
 */
#include "posix/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/log.h"
#include "ipctrace.h"
#include "posix/names.h"
#include "posix/pack.h"

struct posix_recorded {
	pthread_mutex_t mutex;
	int fd; /* of our own: the caller may close its */
	struct ipctrace *trace;
	struct log *log;
	struct frame *frame;		  /* that of `posix` */
	const struct object_posix *posix; /* NULL: `ipctrace record` wrote it */
	struct posix_attributes attributes;
	struct posix_trace_status_info status;
	char *text; /* of the event that is a call, of so many bytes */
	size_t text_room;
};

static void path_write(const struct posix_recorded *recorded, char *path, size_t size)
{
	snprintf(path, size, "/proc/self/fd/%d", recorded->fd);
}

static int trace_begin(struct posix_recorded *recorded)
{
	char path[64], trouble[256];
	int rc;

	path_write(recorded, path, sizeof(path));
	ipctrace_close(recorded->trace);
	rc = ipctrace_open(path, IPCTRACE_WITHOUT_LIVE, &recorded->trace, trouble, sizeof(trouble));
	return rc == -ENOMEM ? ENOMEM : rc ? EINVAL : 0;
}

/* ---- what the log says of its stream: every frame does, as it was then ---- */

/* Whether a stream wrote it, by the family of calls in its catalogue. */
static bool log_is_of_stream(const struct log *log)
{
	const struct catalogue *catalogue = log_catalogue(log);

	return catalogue->calls_count && !strcmp(catalogue->calls[0].family, catalogue_posix.calls[0].family);
}

static int posix_find(struct posix_recorded *recorded)
{
	static const struct object_posix unknown = {.name = "", .version = ""};

	for (size_t i = log_frames(recorded->log); i > 0 && !recorded->posix; i--) {
		int rc = log_frame_read(recorded->log, i - 1, &recorded->frame);
		if (rc < 0)
			return -rc;
		if (!rc)
			recorded->posix = recorded->frame->posix;
	}
	if (!recorded->posix)
		recorded->posix = &unknown;
	return 0;
}

static struct timespec time_of(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

static void posix_take(struct posix_recorded *recorded)
{
	const struct object_posix *posix = recorded->posix;
	struct posix_attributes *attributes = &recorded->attributes;

	attributes->inherited = (int)posix->inherited;
	attributes->stream_policy = (int)posix->stream_policy;
	attributes->log_policy = (int)posix->log_policy;
	attributes->stream_size = posix->stream_size;
	attributes->data_size = posix->data_size;
	attributes->log_size = posix->log_size;
	attributes->created = time_of(posix->created);
	snprintf(attributes->name, sizeof(attributes->name), "%s", posix->name);
	snprintf(attributes->version, sizeof(attributes->version), "%s", posix->version);
	recorded->status = (struct posix_trace_status_info){
		.posix_stream_status = (int)posix->stream_status,
		.posix_stream_full_status = (int)posix->stream_full,
		.posix_stream_overrun_status = (int)posix->stream_overrun,
		.posix_stream_flush_error = (int)posix->flush_error,
		.posix_log_overrun_status = (int)posix->log_overrun,
		.posix_log_full_status = (int)posix->log_full,
	};
}

/* A log of calls, in the words of the standard. */
static void calls_take(struct posix_recorded *recorded)
{
	const struct log_head *head = log_head(recorded->log);
	struct posix_attributes *attributes = &recorded->attributes;
	struct ipctrace_loss loss;

	attributes->inherited = POSIX_TRACE_INHERITED;
	attributes->stream_policy = head->full_policy == FULL_OVERWRITE ? POSIX_TRACE_LOOP : POSIX_TRACE_FLUSH;
	attributes->log_policy = POSIX_TRACE_APPEND;
	attributes->data_size = head->payload_limit;
	attributes->stream_size = attributes->log_size = log_size(recorded->log);
	attributes->created = time_of(head->created);
	snprintf(attributes->name, sizeof(attributes->name), "%s", head->command_count ? head->command[0] : "");
	ipctrace_loss(recorded->trace, &loss);
	recorded->status.posix_stream_overrun_status = loss.lost || loss.missing;
}

static int log_take(struct posix_recorded *recorded)
{
	struct log_trouble trouble;
	char path[64];
	int rc;

	path_write(recorded, path, sizeof(path));
	rc = log_open(path, &recorded->log, &trouble);
	if (rc)
		return rc == -ENOMEM ? ENOMEM : EINVAL;
	rc = log_is_of_stream(recorded->log) ? posix_find(recorded) : 0;
	if (rc)
		return rc;
	recorded->attributes = attributes_default();
	if (recorded->posix)
		posix_take(recorded);
	else
		calls_take(recorded);
	return 0;
}

int recorded_open(int fd, struct posix_recorded **recorded)
{
	int flags = fcntl(fd, F_GETFL), rc = 0;
	struct posix_recorded *made;

	if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH))
		return EINVAL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return ENOMEM;
	pthread_mutex_init(&made->mutex, NULL);
	made->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (made->fd < 0)
		rc = ENOMEM;
	if (!rc)
		rc = trace_begin(made);
	if (!rc)
		rc = log_take(made);
	if (rc) {
		recorded_close(made);
		return rc;
	}
	*recorded = made;
	return 0;
}

void recorded_close(struct posix_recorded *recorded)
{
	ipctrace_close(recorded->trace);
	frame_free(recorded->frame);
	log_close(recorded->log);
	if (recorded->fd >= 0)
		close(recorded->fd);
	free(recorded->text);
	pthread_mutex_destroy(&recorded->mutex);
	free(recorded);
}

int recorded_rewind(struct posix_recorded *recorded)
{
	pthread_mutex_lock(&recorded->mutex);
	int rc = trace_begin(recorded);
	pthread_mutex_unlock(&recorded->mutex);
	return rc;
}

const struct posix_attributes *recorded_attributes(const struct posix_recorded *recorded)
{
	return &recorded->attributes;
}

const struct posix_trace_status_info *recorded_status(const struct posix_recorded *recorded)
{
	return &recorded->status;
}

/* ---- event types ---- */

static uint32_t calls_count(const struct posix_recorded *recorded)
{
	uint32_t count = log_catalogue(recorded->log)->calls_count;

	return count < EVENT_ID_COUNT - EVENT_CALL_FIRST ? count : EVENT_ID_COUNT - EVENT_CALL_FIRST;
}

const char *recorded_name(const struct posix_recorded *recorded, trace_event_id_t event)
{
	const struct object_posix *posix = recorded->posix;

	if (!posix)
		return event >= EVENT_CALL_FIRST && event - EVENT_CALL_FIRST < calls_count(recorded)
			       ? log_catalogue(recorded->log)->calls[event - EVENT_CALL_FIRST].name
			       : NULL;
	for (uint32_t i = 0; i < posix->types_count; i++)
		if (posix->types[i].id == event && strlen(posix->types[i].name) <= TRACE_EVENT_NAME_MAX)
			return posix->types[i].name;
	return event_name_predefined(event);
}

trace_event_id_t recorded_type_at(const struct posix_recorded *recorded, uint32_t place)
{
	if (!recorded->posix)
		return place < calls_count(recorded) ? EVENT_CALL_FIRST + place : 0;
	if (place < POSIX_TRACE_UNNAMED_USER_EVENT)
		return place + 1;
	place -= POSIX_TRACE_UNNAMED_USER_EVENT;
	return place < recorded->posix->types_count ? recorded->posix->types[place].id : 0;
}

/* Of an event of the program, by its name. */
static trace_event_id_t user_id(struct posix_recorded *recorded)
{
	const struct object_posix *posix = recorded->posix;
	size_t size, total;
	const char *name = ipctrace_bytes(recorded->trace, "event", &size, &total);

	for (uint32_t i = 0; name && i < posix->types_count; i++)
		if (strlen(posix->types[i].name) == size && !memcmp(posix->types[i].name, name, size))
			return posix->types[i].id;
	return POSIX_TRACE_UNNAMED_USER_EVENT;
}

static trace_event_id_t call_id(const struct posix_recorded *recorded, const char *call)
{
	const struct catalogue *catalogue = log_catalogue(recorded->log);
	trace_event_id_t id = POSIX_TRACE_ERROR;

	if (recorded->posix) {
		while (id < POSIX_TRACE_UNNAMED_USER_EVENT && strcmp(event_name_predefined(id), call) != 0)
			id++;
		return id;
	}
	uint32_t number = 0;
	while (number < calls_count(recorded) - 1 && strcmp(catalogue->calls[number].name, call) != 0)
		number++;
	return EVENT_CALL_FIRST + number;
}

/* ---- events ---- */

/* The event's data as they are in the log. */
struct found {
	const void *data;
	size_t size, total;
	trace_event_set_t sets[2]; /* of a system event */
};

/* Of a system event: filters, which have their zeros again, or a number. */
static void system_data_find(struct posix_recorded *recorded, struct found *found)
{
	const char *arg;
	size_t size, total;
	int64_t number;
	int value;

	for (unsigned i = 0; (arg = ipctrace_arg_name(recorded->trace, i)); i++) {
		const void *bytes = ipctrace_bytes(recorded->trace, arg, &size, &total);
		if (bytes && size <= sizeof(found->sets[0]) && found->size <= sizeof(found->sets[0])) {
			memcpy((uint8_t *)found->sets + found->size, bytes, size);
			found->size += sizeof(found->sets[0]);
		} else if (i == 0 && !bytes && !ipctrace_integer(recorded->trace, arg, &number)) {
			value = (int)number;
			memcpy(found->sets, &value, sizeof(value));
			found->size = sizeof(value);
		}
	}
	found->data = found->sets;
	found->total = found->size;
}

/* A call as a line of JSON. */
static int call_find(struct posix_recorded *recorded, struct found *found)
{
	int size = ipctrace_json(recorded->trace, recorded->text, recorded->text_room);

	if (size >= 0 && (size_t)size >= recorded->text_room) {
		char *text = realloc(recorded->text, 2ul * (size_t)size + 2);
		if (!text)
			return ENOMEM;
		recorded->text = text;
		recorded->text_room = 2ul * (size_t)size + 2;
		size = ipctrace_json(recorded->trace, recorded->text, recorded->text_room);
	}
	if (size < 0)
		return ENOMEM;
	found->data = recorded->text;
	found->size = found->total = (size_t)size;
	return 0;
}

static int event_take(struct posix_recorded *recorded, const struct posix_reading *reading)
{
	struct ipctrace_event event;
	struct found found = {0};
	int rc = ipctrace_next(recorded->trace, &event);

	if (rc)
		return rc == IPCTRACE_E_END ? STREAM_E_EMPTY : rc == -ENOMEM ? ENOMEM : EINVAL;
	trace_event_id_t id = call_id(recorded, event.call);
	bool is_users = id == POSIX_TRACE_UNNAMED_USER_EVENT;
	if (is_users)
		id = user_id(recorded);
	if (is_users)
		found.data = ipctrace_bytes(recorded->trace, "data", &found.size, &found.total);
	else if (recorded->posix)
		system_data_find(recorded, &found);
	else
		rc = call_find(recorded, &found);
	if (rc)
		return rc;
	size_t size = found.size < reading->size ? found.size : reading->size;
	if (size)
		memcpy(reading->data, found.data, size);
	*reading->data_size = size;
	*reading->event = (struct posix_trace_event_info){
		.posix_event_id = id,
		.posix_pid = (pid_t)event.pid,
		.posix_prog_address = (void *)(uintptr_t)event.site,
		.posix_thread_id = (pthread_t)event.tid,
		.posix_timestamp = time_of(event.time),
		.posix_truncation_status = size < found.size	      ? POSIX_TRACE_TRUNCATED_READ
					   : found.size < found.total ? POSIX_TRACE_TRUNCATED_RECORD
								      : POSIX_TRACE_NOT_TRUNCATED,
	};
	return 0;
}

int recorded_take(struct posix_recorded *recorded, const struct posix_reading *reading)
{
	pthread_mutex_lock(&recorded->mutex);
	int rc = recorded->trace ? event_take(recorded, reading) : EINVAL;
	pthread_mutex_unlock(&recorded->mutex);
	return rc;
}
