// SPDX-License-Identifier: MIT
/*
 * Reading of a stream that runs: stream_take() of stream.h. The mutex is held.
 */
#include <string.h>

#include "posix/stream.h"
#include "trace/clock.h"

/* CLOCK_REALTIME in ns, not lower for later ticks: docs/format.md, "Time". */
static uint64_t ticks_time(struct posix_stream *stream, uint64_t ticks)
{
	const struct posix_shared *shared = stream->shared;

	if (ticks > stream->after.ticks) {
		stream->before = stream->after;
		stream->after = anchor_read(shared->clock_is_tsc);
	}
	struct log_anchor a = ticks >= stream->before.ticks ? stream->before : shared->created, b = stream->after;
	uint64_t monotonic = a.monotonic;
	if (b.ticks > a.ticks)
		monotonic += (uint64_t)((__int128)((int64_t)(ticks - a.ticks)) * (int64_t)(b.monotonic - a.monotonic) /
					(int64_t)(b.ticks - a.ticks));
	return monotonic + (shared->created.realtime - shared->created.monotonic);
}

static void event_fill(struct posix_stream *stream, const struct posix_record *record,
		       struct posix_trace_event_info *event, bool is_cut)
{
	uint64_t time = ticks_time(stream, record->ticks);

	*event = (struct posix_trace_event_info){
		.posix_event_id = record->event,
		.posix_pid = (pid_t)record->pid,
		.posix_prog_address = (void *)(uintptr_t)record->site,
		.posix_thread_id = (pthread_t)record->thread,
		.posix_timestamp = {(time_t)(time / 1000000000u), (long)(time % 1000000000u)},
		.posix_truncation_status = is_cut			  ? POSIX_TRACE_TRUNCATED_READ
					   : record->total > record->size ? POSIX_TRACE_TRUNCATED_RECORD
									  : POSIX_TRACE_NOT_TRUNCATED,
	};
}

/* Where reading is: the tail, or behind it where only flushing moves that. */
static uint64_t reading_at(const struct posix_stream *stream)
{
	uint64_t tail = posix_ring_tail(&stream->ring);

	return stream->shared->has_log && stream->shared->cursor > tail ? stream->shared->cursor : tail;
}

static bool reading_done(struct posix_stream *stream, uint64_t position, uint64_t next)
{
	if (!stream->shared->has_log)
		return posix_ring_release(&stream->ring, position, next);
	if (posix_ring_tail(&stream->ring) > position)
		return false;
	stream->shared->cursor = next;
	return true;
}

int stream_take(struct posix_stream *stream, const struct posix_reading *reading)
{
	struct posix_record record;

	for (;;) {
		uint64_t position = reading_at(stream);
		if (stream_look(stream, position, &record)) {
			if (position == reading_at(stream))
				return STREAM_E_EMPTY;
			continue; /* it was overwritten, or flushed, meanwhile */
		}
		*reading->data_size = record.size < reading->size ? record.size : reading->size;
		if (*reading->data_size)
			memcpy(reading->data, posix_ring_at(&stream->ring, position) + sizeof(record),
			       *reading->data_size);
		if (reading_done(stream, position, position + record.head.words * 8ull))
			break;
	}
	event_fill(stream, &record, reading->event, *reading->data_size < record.size);
	if (!stream->shared->has_log)
		stream_drained(stream);
	return 0;
}
