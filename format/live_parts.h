// SPDX-License-Identifier: MIT
/*
 * What the files that read a live area share with each other, and nobody else includes: walks along a ring
 * (live_walk.c), the calls in flight (live_in_flight.c), and what is made of both (live_read.c).
 */
#ifndef IPCTRACE_FORMAT_LIVE_PARTS_H
#define IPCTRACE_FORMAT_LIVE_PARTS_H

#include "format/live_read.h"

/* Calls in flight that had returned when a walk along their ring began. */
struct returned {
	const struct live_slot *slot;
	unsigned count;
	struct {
		uint64_t enter;
		bool is_recorded; /* the walk has met its record */
	} rows[LIVE_IN_FLIGHT_MAX];
};

struct live_reader {
	const struct catalogue *catalogue;
	struct log_writer *writer;
	struct live_observer observer;
	struct live_counts counts;
	struct batch *batch;
	uint8_t *chunk;
	struct returned returned;
	/* What each call says about new processes: bit 7 its result, bit i what argument i points to. */
	uint8_t makes_process[LIVE_EVENTS_MAX];
};

/* What a walk along a ring does with the records it meets. */
enum walk_kind {
	WALK_TAKE,   /* take everything */
	WALK_MARKS,  /* take what is not a call */
	WALK_WINDOW, /* take the calls, and what is not a call from `marks_from` on */
	WALK_COUNT,  /* count what WALK_WINDOW would take */
};

struct walk {
	enum walk_kind kind;
	const struct live_ring *ring;
	struct live_cursor *cursor; /* whose stream; moved */
	uint64_t end;
	uint64_t until;
	uint64_t marks_from;
	uint64_t count;
	uint64_t first_ticks; /* of what was counted; 0 when nothing was */
	bool begins;	      /* a thread does, in what was counted */
	bool is_behind_gap;   /* the last word that was passed begins no record */
	struct live_owners *owners;
};

/* Packs the present stream's events, and what was lost before them; also when there is nothing but a loss. */
int stream_report(struct live_reader *reader, struct live_cursor *cursor);

/* The same for events only: a loss alone waits for the next ones, so that a storm of losses is one object. */
int stream_encode(struct live_reader *reader, struct live_cursor *cursor);

/* Events of the present stream were lost: they have numbers, and the next object tells how many. */
int stream_lose(struct live_reader *reader, struct live_cursor *cursor, uint64_t lost, uint64_t *count);

/* Counts what the writer has dropped since the last time. */
int stream_settle(struct live_reader *reader, const struct live_ring *ring, struct live_cursor *cursor);

/* From here on the ring is (pid, tid)'s. */
int stream_begin(struct live_reader *reader, struct live_cursor *cursor, uint32_t pid, uint32_t tid);

/* Walks from the cursor to walk->end, or as far as the records belong to this walk. 0, LIVE_E_FULL, or -errno. */
int walk_ring(struct live_reader *reader, struct walk *walk);

/*
 * Notes the calls in flight that have returned, before a walk along the slot's ring. What is known of the same calls
 * from the walk before, which may have ended at a full frame, is kept.
 */
void returned_note(struct live_reader *reader, const struct live_slot *slot);

/* The walk has met the record of a call that was entered then. No two calls of a thread begin at the same tick. */
void returned_meet(struct live_reader *reader, uint64_t enter);

/* The calls in flight whose records no walk has met. */
unsigned in_flight_count(const struct live_reader *reader, const struct live_slot *slot);

#endif
