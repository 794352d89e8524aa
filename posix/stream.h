// SPDX-License-Identifier: MIT
/*
 * A POSIX trace stream in flight: its memory, which all processes traced into it map, and what may be done to it.
 *
 * Writers (stream_record()) run in any context, signal handlers included, and only ever load, store and exchange. All
 * others (controllers, readers, the keeper of the log) hold the stream's mutex, which writers do not know.
 */
#ifndef IPCTRACE_POSIX_STREAM_H
#define IPCTRACE_POSIX_STREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "format/log_head.h"
#include "posix/attributes.h"
#include "posix/ring.h"

/* What a stream is doing: a set of these. FULL without RUNNING: it stopped because it was full. */
enum {
	STREAM_RUNNING = 1,
	STREAM_FULL = 2,
};

/* Room beside the stream's size for what must be said when it is full: a POSIX_TRACE_STOP. */
#define STREAM_HEADROOM 4096u

/* What every process that is traced into the stream maps. The page of the ring's slot and the ring follow. */
struct posix_shared {
	struct posix_attributes attributes;
	uint64_t limit; /* bytes that events may take */
	uint32_t ring_size;
	uint32_t controller; /* pid */
	bool has_log, clock_is_tsc;
	struct log_anchor created;
	trace_event_set_t filter; /* what is not recorded */
	uint32_t state;		  /* STREAM_... */
	uint32_t overrun;	  /* an event was lost or overwritten since this was last asked */
	uint32_t lost;		  /* one was lost that the full policy would have kept: an overflow to be recorded */
	uint32_t arrivals;	  /* futex: counts wake-ups of `waiters` */
	uint32_t waiters;
	uint32_t clears_wanted, clears_done; /* of a stream with log */
	pthread_mutex_t mutex;
	uint64_t cursor;	  /* where reading is, in a stream with log, of which only flushing makes room */
	uint64_t stuck, stuck_at; /* a record that is not whole at the tail, and since when: CLOCK_MONOTONIC, ns */
	/* between the controller and the keeper, see keeper.h */
	uint32_t requests; /* futex: counts what the keeper is asked */
	uint32_t keeper_sleeps;
	uint32_t answers; /* futex: counts what the keeper did */
	uint32_t flushes_wanted, flushes_done, is_closing;
	uint32_t keeper_state;	      /* enum keeper_state */
	uint32_t keeper_error;	      /* of creating or closing the log */
	pthread_mutex_t keeper_mutex; /* held by the keeper for life */
	uint32_t flushing, flush_error, log_overrun, log_full;
};

/* A stream as one process sees it. */
struct posix_stream {
	struct posix_shared *shared;
	struct posix_ring ring;
	uint32_t users; /* threads of this process that are at it */
	bool is_closing;
	/* the clock readings between which the times of events lie; the mutex is to be held */
	struct log_anchor before, after;
};

/* A record to write. */
struct posix_written {
	trace_event_id_t event;
	const void *data;
	size_t size;
	uint64_t site;
};

/* Of an event read: where it goes, as posix_trace_getnext_event() has it. */
struct posix_reading {
	struct posix_trace_event_info *event;
	void *data;
	size_t size;
	size_t *data_size;
};

enum {
	STREAM_E_EMPTY = 4096, /* there is no event; no error number, of which there are others here */
};

/* Makes the memory of a stream, whose policy is set. 0 or ENOMEM. */
int stream_make(struct posix_stream *stream, const struct posix_attributes *attributes, bool has_log);
void stream_unmap(struct posix_stream *stream);

static inline bool stream_filters(const struct posix_shared *shared, trace_event_id_t event)
{
	return __atomic_load_n(&shared->filter.__bits[event / 64], __ATOMIC_RELAXED) >> event % 64 & 1;
}

/* Whether `event` is recorded now. */
static inline bool stream_wants(const struct posix_shared *shared, trace_event_id_t event)
{
	return (__atomic_load_n(&shared->state, __ATOMIC_RELAXED) & STREAM_RUNNING) && !stream_filters(shared, event);
}

/* Records one event by the full policy. For any context; changes no errno. */
void stream_record(struct posix_stream *stream, const struct posix_written *written);

/* The calling thread's process, which is asked for once; to be called in each child. */
void stream_process_began(void);

void stream_lock(struct posix_stream *stream);
void stream_unlock(struct posix_stream *stream);

/* The rest is done with the mutex held. */
void stream_start(struct posix_stream *stream);
void stream_stop(struct posix_stream *stream);
void stream_clear(struct posix_stream *stream);

/* Records a system event, if the stream runs and does not filter it. */
void stream_say(struct posix_stream *stream, trace_event_id_t event, const void *data, size_t size);

/* Copies the oldest event and gives its room back (in a stream with log: goes on behind it). 0 or STREAM_E_EMPTY. */
int stream_take(struct posix_stream *stream, const struct posix_reading *reading);

/* As posix_ring_look(), but a record that stays unfinished is passed over in the end. */
int stream_look(struct posix_stream *stream, uint64_t position, struct posix_record *record);

/* Room became free: a stream that was full goes on, when it is empty. */
void stream_drained(struct posix_stream *stream);

/* Counts `word` up and wakes who sleeps on it, in any process. */
void futex_call(uint32_t *word);

/* Sleeps until `word` is not `seen` any more, or for `ns` at most. False when a signal came first. */
bool futex_await(uint32_t *word, uint32_t seen, uint64_t ns);

/* Wakes who waits for events. */
void stream_wake(struct posix_shared *shared);

#endif
