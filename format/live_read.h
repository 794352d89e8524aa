// SPDX-License-Identifier: MIT
/*
 * The reading side of a live area: raw records taken out of the rings and packed as objects of the log.
 *
 * The collector drains a running trace with it; a reader of logs takes out what a dead collector left behind. Nothing
 * in the area is believed: records are copied out before they are looked at, and every size is checked against the
 * copy. Nothing here writes to the area, knows a clock or decides when to do what.
 */
#ifndef IPCTRACE_FORMAT_LIVE_READ_H
#define IPCTRACE_FORMAT_LIVE_READ_H

#include <stddef.h>
#include <stdint.h>

#include "format/batch.h"
#include "format/glimpse.h"
#include "format/live.h"
#include "format/log.h"
#include "format/log_writer.h"

/* Rings: powers of two between these. A record takes half of one at most. */
#define LIVE_RING_MIN (64u << 10)
#define LIVE_RING_MAX (4u << 20)

enum {
	LIVE_E_FULL = 1, /* the frame is large enough: flush, then go on */
	LIVE_E_UNFIT,	 /* not a live area that this build can read; said in the log_trouble */
};

/* What was taken, added up. */
struct live_counts {
	uint64_t events;    /* packed */
	uint64_t lost_full; /* dropped or overwritten because a ring was full */
	uint64_t lost_torn; /* records that did not hold together, or never became whole */
	uint64_t processes; /* images that began */
	uint64_t threads;
	uint64_t unfinished; /* calls in flight */
	uint64_t reported;   /* losses that are packed, also those that were counted before but in no object yet */
};

/* Told of every process that a record speaks of, as soon as it is taken. */
struct live_observer {
	void *context;
	void (*process_seen)(void *context, uint32_t pid);
};

/* One slot of a mapped area. `ring_size` is the reader's own knowledge, not what the area says now. */
struct live_ring {
	const struct live_slot *slot;
	const uint8_t *bytes;
	uint32_t size;
	/*
	 * Somebody writes there, or did while it was copied: some of it may be of a later time than `slot`. A record
	 * that stands beside such a piece may lie partly in it.
	 */
	bool is_written;
};

/* Threads that began to write into a ring, for rings that overwrite: the latest begins, oldest first. */
#define LIVE_OWNERS_MAX 64

struct live_owners {
	struct live_owner {
		uint64_t position;
		uint32_t pid, tid;
	} rows[LIVE_OWNERS_MAX];
	uint32_t count;
	bool is_cut; /* older ones were forgotten */
};

struct live_reader;

/*
 * Packs into `writer` what it takes. `catalogue`, `writer` and `observer` (may be NULL) are borrowed. 0 or -ENOMEM.
 */
int live_reader_new(struct live_reader **reader, const struct catalogue *catalogue, struct log_writer *writer,
		    uint32_t ring_size, const struct live_observer *observer);
void live_reader_free(struct live_reader *reader);

/* Counts since the beginning, to be read and, for what became of them, changed by the caller. */
struct live_counts *live_reader_counts(struct live_reader *reader);

/*
 * Takes records from `cursor` on and moves it: up to what is published, and no further than the first call that
 * returned after `until` (ticks), so that a frame covers a span of time. `is_abandoned`: nobody writes into the ring
 * any more; then also what is whole beyond the published part, and what is missing in the slot's count is lost. 0,
 * LIVE_E_FULL (call again after a flush), or -errno.
 */
int live_reader_take(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor,
		     uint64_t until, bool is_abandoned);

/*
 * For rings that overwrite, while they are written: takes what is not a call (processes, threads, stacks, modules) from
 * `cursor` on, and remembers in `owners` who wrote what. Calls are passed over. Results as live_reader_take().
 */
int live_reader_take_marks(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor,
			   struct live_owners *owners);

/*
 * For rings that overwrite, when nobody writes any more: takes what the ring still holds of the calls after `from`, and
 * of everything else after `cursor`, which is moved to the end. `owners` may be NULL: then they are all of the slot's
 * present owner. What is missing is lost. Results as live_reader_take(), but never LIVE_E_FULL: a ring fits a frame.
 */
int live_reader_take_window(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor,
			    uint64_t from, const struct live_owners *owners);

/* Packs the calls in flight in a slot as unfinished, one of them with what `glimpse` (may be NULL) saw. 0 or -errno. */
int live_reader_take_unfinished(struct live_reader *reader, const struct live_slot *slot,
				const struct glimpse *glimpse);

/*
 * Packs into `memory` all that the live area at `path` holds beyond the first `frames` frames of its log (that is, the
 * number of the last one plus one), and flushes it. The area is only read; its collector may be dead or still at work.
 * `catalogue` is that of the log. The caller opened `memory` with log_writer_open_memory(). `counts` and `trouble` are
 * set. 0, LIVE_E_UNFIT, or -errno of opening the file (-ENOENT: there is none).
 */
int live_area_salvage(const char *path, const struct catalogue *catalogue, uint64_t frames, struct log_writer *memory,
		      struct live_counts *counts, struct log_trouble *trouble);

#endif
