// SPDX-License-Identifier: MIT
/*
 * What an analyser does: posix_trace_getnext_event() and its kin, of streams that run and of logs that were opened, and
 * opening these.
 */
#include <errno.h>
#include <time.h>

#include "posix/recorded.h"
#include "posix/streams.h"

#define ACTIVE (ENTRY_ACTIVE | ENTRY_LOGGED)

/*
 * A writer that looks whether somebody waits may do so just before we do. It is not worth a fence in every event: who
 * waits looks again after this time, in ns.
 */
#define WAIT_SLICE 10000000u

/* How long a wait until `abstime` may last now; 0 when that is past, EINVAL negated when it is no time. */
static int64_t wait_left(const struct timespec *abstime)
{
	struct timespec now;

	if (!abstime)
		return WAIT_SLICE;
	if (abstime->tv_nsec < 0 || abstime->tv_nsec >= 1000000000)
		return -EINVAL;
	clock_gettime(CLOCK_REALTIME, &now);
	if (abstime->tv_sec < now.tv_sec)
		return 0;
	if (abstime->tv_sec - now.tv_sec > 1)
		return WAIT_SLICE;
	int64_t left = (abstime->tv_sec - now.tv_sec) * 1000000000ll + abstime->tv_nsec - now.tv_nsec;
	return left < 0 ? 0 : left < WAIT_SLICE ? left : WAIT_SLICE;
}

static int take(struct posix_stream *stream, const struct posix_reading *reading)
{
	stream_lock(stream);
	int rc = stream_take(stream, reading);
	stream_unlock(stream);
	return rc;
}

/* Takes an event, waiting for one until `abstime`, or for ever when that is NULL. */
static int take_waiting(struct posix_stream *stream, const struct posix_reading *reading,
			const struct timespec *abstime)
{
	struct posix_shared *shared = stream->shared;
	int64_t left = 1;
	int rc;

	for (;;) {
		uint32_t seen = __atomic_load_n(&shared->arrivals, __ATOMIC_ACQUIRE);
		rc = take(stream, reading);
		if (rc != STREAM_E_EMPTY)
			return rc;
		if (__atomic_load_n(&stream->is_closing, __ATOMIC_SEQ_CST))
			return EINVAL;
		left = wait_left(abstime);
		if (left <= 0)
			return left ? EINVAL : ETIMEDOUT;
		__atomic_fetch_add(&shared->waiters, 1, __ATOMIC_SEQ_CST);
		bool whole = futex_await(&shared->arrivals, seen, (uint64_t)left);
		__atomic_fetch_sub(&shared->waiters, 1, __ATOMIC_SEQ_CST);
		if (!whole)
			return __atomic_load_n(&stream->is_closing, __ATOMIC_SEQ_CST) ? EINVAL : EINTR;
	}
}

static bool reading_is_valid(const struct posix_reading *reading, const int *unavailable)
{
	return reading->event && reading->data_size && unavailable && (reading->data || !reading->size);
}

static int next_wait(trace_id_t trid, const struct posix_reading *reading, int *unavailable,
		     const struct timespec *abstime)
{
	struct posix_entry *entry =
		reading_is_valid(reading, unavailable) ? entry_get(trid, ACTIVE | ENTRY_RECORDED) : NULL;
	int saved = errno, rc;

	if (!entry)
		return EINVAL;
	if (entry->kind == ENTRY_RECORDED)
		rc = recorded_take(entry->recorded, reading);
	else
		rc = take_waiting(&entry->stream, reading, abstime);
	entry_put(entry);
	errno = saved;
	*unavailable = rc != 0;
	return rc == STREAM_E_EMPTY ? 0 : rc;
}

PUBLIC int posix_trace_getnext_event(trace_id_t trid, struct posix_trace_event_info *restrict event,
				     void *restrict data, size_t num_bytes, size_t *restrict data_len,
				     int *restrict unavailable)
{
	const struct posix_reading reading = {event, data, num_bytes, data_len};

	return next_wait(trid, &reading, unavailable, NULL);
}

PUBLIC int posix_trace_timedgetnext_event(trace_id_t trid, struct posix_trace_event_info *restrict event,
					  void *restrict data, size_t num_bytes, size_t *restrict data_len,
					  int *restrict unavailable, const struct timespec *restrict abstime)
{
	const struct posix_reading reading = {event, data, num_bytes, data_len};
	static const struct timespec never = {0, -1};

	return next_wait(trid, &reading, unavailable, abstime ? abstime : &never);
}

PUBLIC int posix_trace_trygetnext_event(trace_id_t trid, struct posix_trace_event_info *restrict event,
					void *restrict data, size_t num_bytes, size_t *restrict data_len,
					int *restrict unavailable)
{
	const struct posix_reading reading = {event, data, num_bytes, data_len};
	struct posix_entry *entry = reading_is_valid(&reading, unavailable) ? entry_get(trid, ACTIVE) : NULL;

	if (!entry)
		return EINVAL;
	*unavailable = take(&entry->stream, &reading) != 0;
	entry_put(entry);
	return 0;
}

/* ---- logs ---- */

PUBLIC int posix_trace_open(int file_desc, trace_id_t *trid)
{
	struct posix_recorded *recorded;
	int saved = errno, rc = trid ? recorded_open(file_desc, &recorded) : EINVAL;

	errno = saved;
	if (rc)
		return rc;
	struct posix_entry *entry = entry_new();
	if (!entry) {
		recorded_close(recorded);
		return EAGAIN;
	}
	entry->recorded = recorded;
	*trid = entry_publish(entry, ENTRY_RECORDED);
	return 0;
}

PUBLIC int posix_trace_rewind(trace_id_t trid)
{
	struct posix_entry *entry = entry_get(trid, ENTRY_RECORDED);
	int saved = errno;

	if (!entry)
		return EINVAL;
	int rc = recorded_rewind(entry->recorded);
	entry_put(entry);
	errno = saved;
	return rc;
}

PUBLIC int posix_trace_close(trace_id_t trid)
{
	struct posix_entry *entry = entry_get(trid, ENTRY_RECORDED);

	if (!entry)
		return EINVAL;
	if (!entry_withdraw(entry)) {
		entry_put(entry);
		return EINVAL;
	}
	bool is_left = entry_leave(entry);
	if (is_left)
		recorded_close(entry->recorded);
	entry_put(entry);
	if (is_left)
		entry_free(entry);
	return 0;
}
