// SPDX-License-Identifier: MIT
/*
 * What a controller does: posix_trace_create(), _start(), _stop(), _set_filter() and the like. Checks and errors are
 * here; what is done to a stream is in stream.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix/keeper.h"
#include "posix/names.h"
#include "posix/recorded.h"
#include "posix/streams.h"

#define ACTIVE (ENTRY_ACTIVE | ENTRY_LOGGED)
#define ANY    (ACTIVE | ENTRY_RECORDED)

/* ---- create and shut down ---- */

/* Only the caller can be traced: no other process has room for the trace points of this one's making. */
static int target_check(pid_t pid)
{
	if (pid == 0 || pid == getpid())
		return 0;
	return pid < 0 || (kill(pid, 0) && errno == ESRCH) ? ESRCH : EPERM;
}

/* Every log policy wants a regular file: a log is read from wherever it is needed. */
static int log_check(int fd)
{
	struct stat status;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH))
		return EBADF;
	return fstat(fd, &status) || !S_ISREG(status.st_mode) ? EINVAL : 0;
}

static int attributes_take(struct posix_attributes *attributes, const trace_attr_t *attr, bool has_log)
{
	const struct posix_attributes *given = attributes_of(attr);

	if (attr && !given)
		return EINVAL;
	*attributes = given ? *given : attributes_default();
	if (!attributes->stream_policy)
		attributes->stream_policy = has_log ? POSIX_TRACE_FLUSH : POSIX_TRACE_LOOP;
	return !has_log && attributes->stream_policy == POSIX_TRACE_FLUSH ? EINVAL : 0;
}

static int stream_create(pid_t pid, const trace_attr_t *attr, int fd, bool has_log, trace_id_t *trid)
{
	struct posix_attributes attributes;
	int saved = errno, rc = trid ? target_check(pid) : EINVAL;

	if (!rc)
		rc = attributes_take(&attributes, attr, has_log);
	if (!rc && has_log)
		rc = log_check(fd);
	if (rc) {
		errno = saved;
		return rc;
	}
	struct posix_entry *entry = entry_new();
	if (!entry)
		return EAGAIN;
	rc = stream_make(&entry->stream, &attributes, has_log);
	if (!rc && has_log)
		rc = keeper_start(&entry->stream, fd, &entry->life);
	if (rc)
		entry_free(entry);
	else
		*trid = entry_publish(entry, has_log ? ENTRY_LOGGED : ENTRY_ACTIVE);
	errno = saved;
	return rc;
}

PUBLIC int posix_trace_create(pid_t pid, const trace_attr_t *restrict attr, trace_id_t *restrict trid)
{
	return stream_create(pid, attr, -1, false, trid);
}

PUBLIC int posix_trace_create_withlog(pid_t pid, const trace_attr_t *restrict attr, int file_desc,
				      trace_id_t *restrict trid)
{
	return stream_create(pid, attr, file_desc, true, trid);
}

PUBLIC int posix_trace_shutdown(trace_id_t trid)
{
	struct posix_entry *entry = entry_get(trid, ACTIVE);
	int saved = errno, rc = 0;

	if (!entry)
		return EINVAL;
	bool has_log = entry->kind == ENTRY_LOGGED;
	stream_lock(&entry->stream);
	stream_stop(&entry->stream);
	stream_unlock(&entry->stream);
	if (!entry_withdraw(entry)) {
		entry_put(entry);
		return EINVAL;
	}
	bool is_left = entry_leave(entry);
	if (has_log)
		rc = keeper_close(&entry->stream);
	entry_put(entry);
	if (is_left)
		entry_free(entry);
	else
		life_end(&entry->life);
	errno = saved;
	return rc;
}

/* ---- while it exists ---- */

/* Does `action` to an active stream, with its mutex held. */
static int stream_do(trace_id_t trid, void (*action)(struct posix_stream *stream))
{
	struct posix_entry *entry = entry_get(trid, ACTIVE);

	if (!entry)
		return EINVAL;
	stream_lock(&entry->stream);
	action(&entry->stream);
	stream_unlock(&entry->stream);
	entry_put(entry);
	return 0;
}

PUBLIC int posix_trace_start(trace_id_t trid)
{
	return stream_do(trid, stream_start);
}

PUBLIC int posix_trace_stop(trace_id_t trid)
{
	return stream_do(trid, stream_stop);
}

PUBLIC int posix_trace_clear(trace_id_t trid)
{
	struct posix_entry *entry = entry_get(trid, ACTIVE);
	int rc = 0;

	if (!entry)
		return EINVAL;
	if (entry->kind == ENTRY_LOGGED) {
		rc = keeper_clear(&entry->stream);
	} else {
		stream_lock(&entry->stream);
		stream_clear(&entry->stream);
		stream_unlock(&entry->stream);
	}
	entry_put(entry);
	return rc;
}

PUBLIC int posix_trace_flush(trace_id_t trid)
{
	struct posix_entry *entry = entry_get(trid, ENTRY_LOGGED);
	int rc;

	if (!entry)
		return EINVAL;
	rc = keeper_flush(&entry->stream);
	entry_put(entry);
	return rc;
}

PUBLIC int posix_trace_get_attr(trace_id_t trid, trace_attr_t *attr)
{
	struct posix_entry *entry = attr ? entry_get(trid, ANY) : NULL;

	if (!entry)
		return EINVAL;
	attributes_store(attr, entry->kind == ENTRY_RECORDED ? recorded_attributes(entry->recorded)
							     : &entry->stream.shared->attributes);
	entry_put(entry);
	return 0;
}

/* What is lost is told once. */
static struct posix_trace_status_info status_take(struct posix_shared *shared)
{
	uint32_t state = __atomic_load_n(&shared->state, __ATOMIC_ACQUIRE);

	return (struct posix_trace_status_info){
		.posix_stream_status = state & STREAM_RUNNING ? POSIX_TRACE_RUNNING : POSIX_TRACE_SUSPENDED,
		.posix_stream_full_status = state & STREAM_FULL ? POSIX_TRACE_FULL : POSIX_TRACE_NOT_FULL,
		.posix_stream_overrun_status = (int)__atomic_exchange_n(&shared->overrun, 0, __ATOMIC_ACQ_REL),
		.posix_stream_flush_status = shared->flushing || shared->flushes_done != shared->flushes_wanted
						     ? POSIX_TRACE_FLUSHING
						     : POSIX_TRACE_NOT_FLUSHING,
		.posix_stream_flush_error = (int)__atomic_exchange_n(&shared->flush_error, 0, __ATOMIC_ACQ_REL),
		.posix_log_overrun_status = (int)__atomic_exchange_n(&shared->log_overrun, 0, __ATOMIC_ACQ_REL),
		.posix_log_full_status = shared->log_full ? POSIX_TRACE_FULL : POSIX_TRACE_NOT_FULL,
	};
}

PUBLIC int posix_trace_get_status(trace_id_t trid, struct posix_trace_status_info *statusinfo)
{
	struct posix_entry *entry = statusinfo ? entry_get(trid, ANY) : NULL;

	if (!entry)
		return EINVAL;
	if (entry->kind == ENTRY_RECORDED) {
		*statusinfo = *recorded_status(entry->recorded);
	} else {
		if (entry->kind == ENTRY_LOGGED)
			keeper_check(&entry->stream);
		stream_lock(&entry->stream);
		*statusinfo = status_take(entry->stream.shared);
		stream_unlock(&entry->stream);
	}
	entry_put(entry);
	return 0;
}

/* ---- the filter ---- */

PUBLIC int posix_trace_get_filter(trace_id_t trid, trace_event_set_t *set)
{
	struct posix_entry *entry = set ? entry_get(trid, ACTIVE) : NULL;

	if (!entry)
		return EINVAL;
	stream_lock(&entry->stream);
	*set = entry->stream.shared->filter;
	stream_unlock(&entry->stream);
	entry_put(entry);
	return 0;
}

static void filter_change(struct posix_stream *stream, const trace_event_set_t *set, int how)
{
	trace_event_set_t sets[2] = {stream->shared->filter, *set}; /* old and new */
	uint64_t *old = sets[0].__bits, *new = sets[1].__bits;

	for (size_t i = 0; i < sizeof(*set) / sizeof(*new); i++) {
		if (how != POSIX_TRACE_SET_EVENTSET)
			new[i] = how == POSIX_TRACE_ADD_EVENTSET ? old[i] | new[i] : old[i] & ~new[i];
		__atomic_store_n(&stream->shared->filter.__bits[i], new[i], __ATOMIC_RELAXED);
	}
	stream_say(stream, POSIX_TRACE_FILTER, sets, sizeof(sets));
}

PUBLIC int posix_trace_set_filter(trace_id_t trid, const trace_event_set_t *set, int how)
{
	struct posix_entry *entry = set && how >= POSIX_TRACE_SET_EVENTSET && how <= POSIX_TRACE_SUB_EVENTSET
					    ? entry_get(trid, ACTIVE)
					    : NULL;

	if (!entry)
		return EINVAL;
	stream_lock(&entry->stream);
	filter_change(&entry->stream, set, how);
	stream_unlock(&entry->stream);
	entry_put(entry);
	return 0;
}

/* ---- event types ---- */

PUBLIC int posix_trace_trid_eventid_open(trace_id_t trid, const char *restrict event_name,
					 trace_event_id_t *restrict event)
{
	struct posix_entry *entry = entry_get(trid, ACTIVE);
	int rc;

	if (!entry)
		return EINVAL;
	rc = event_name_open(event_name, event);
	entry_put(entry);
	return rc;
}

PUBLIC int posix_trace_eventid_equal(trace_id_t trid, trace_event_id_t event1, trace_event_id_t event2)
{
	return event1 == event2;
}

PUBLIC int posix_trace_eventid_get_name(trace_id_t trid, trace_event_id_t event, char *name)
{
	struct posix_entry *entry = name ? entry_get(trid, ANY) : NULL;

	if (!entry)
		return EINVAL;
	const char *found = entry->kind == ENTRY_RECORDED ? recorded_name(entry->recorded, event) : event_name(event);
	if (found)
		strcpy(name, found);
	entry_put(entry);
	return found ? 0 : EINVAL;
}

/* The number of the type at `place` in the list of an active stream, or 0: the predefined ones, then those with names.
 */
static trace_event_id_t type_at(uint32_t place)
{
	if (place < POSIX_TRACE_UNNAMED_USER_EVENT)
		return place + 1;
	place -= POSIX_TRACE_UNNAMED_USER_EVENT;
	return place < event_names_count() ? EVENT_USER_FIRST + place : 0;
}

PUBLIC int posix_trace_eventtypelist_getnext_id(trace_id_t trid, trace_event_id_t *restrict event,
						int *restrict unavailable)
{
	struct posix_entry *entry = event && unavailable ? entry_get(trid, ANY) : NULL;

	if (!entry)
		return EINVAL;
	uint32_t place = __atomic_fetch_add(&entry->list_at, 1, __ATOMIC_RELAXED);
	trace_event_id_t next =
		entry->kind == ENTRY_RECORDED ? recorded_type_at(entry->recorded, place) : type_at(place);
	*unavailable = !next;
	if (next)
		*event = next;
	else
		__atomic_fetch_sub(&entry->list_at, 1, __ATOMIC_RELAXED);
	entry_put(entry);
	return 0;
}

PUBLIC int posix_trace_eventtypelist_rewind(trace_id_t trid)
{
	struct posix_entry *entry = entry_get(trid, ANY);

	if (!entry)
		return EINVAL;
	__atomic_store_n(&entry->list_at, 0, __ATOMIC_RELAXED);
	entry_put(entry);
	return 0;
}
