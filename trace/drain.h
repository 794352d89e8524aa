// SPDX-License-Identifier: MIT
/*
 * From the rings to the log: takes what the slots hold, writes frames of it, and only then lets the writers have the
 * room again, so that a collector killed at any moment leaves everything either in the log or in the live area.
 *
 * A frame covers a span of time over all threads. When the log cannot be written any more, draining goes on and counts
 * what it throws away: the traced program is never held up for it.
 */
#ifndef IPCTRACE_TRACE_DRAIN_H
#define IPCTRACE_TRACE_DRAIN_H

#include "format/object.h"
#include "trace/live_area.h"

enum {
	DRAIN_E_SIZE = 1, /* the log has reached its size limit */
};

struct drain;

/*
 * `area`, `catalogue`, `writer` and `observer` are borrowed. `size_limit` bytes for the log, 0 for none; `log_lost`:
 * the log could not even be opened (a negative error number), so that all is counted only; `overwrites`: the
 * full policy, as chosen and not as the shared page says by now. 0 or -ENOMEM.
 */
int drain_new(struct drain **drain, struct live_area *area, const struct catalogue *catalogue,
	      struct log_writer *writer, const struct live_observer *observer, uint64_t size_limit, int log_lost,
	      bool overwrites);
void drain_free(struct drain *drain);

/* A look over the slots. */
struct drain_pending {
	uint64_t bytes;	  /* published and not yet taken */
	uint64_t largest; /* of one slot */
	uint64_t grown;	  /* what the writers of one slot published since drain_measure() last looked, at most */
	uint32_t claimed; /* slots that have an owner */
};

/* Looks at all slots. The observer is told of each owner that a slot did not have at the last look. */
struct drain_pending drain_look(struct drain *drain);

/* The same, and what is published from here on counts as grown the next time. */
struct drain_pending drain_measure(struct drain *drain);

/* The process is dead: its slots are emptied at the next drain_run(), and given back. */
void drain_process_died(struct drain *drain, uint32_t pid);

/* The same for threads that died, without saying so, in processes that live. */
void drain_find_dead_threads(struct drain *drain);

/*
 * Looks behind the calls that wait for long: what is seen goes into the log with those that never return. To be called
 * some times a second, as the calls that were in flight at the last look are those that wait for long; or behind all
 * calls in flight, `at_once`.
 */
void drain_look_behind(struct drain *drain, bool at_once);

/* Whether slots wait to be given back. */
bool drain_is_urgent(const struct drain *drain);

/* Takes all that is there now and writes it. 0, or -ENOMEM. Trouble with the log is in drain_trouble(). */
int drain_run(struct drain *drain);

/* For rings that overwrite: takes processes, threads, stacks and modules before they are written over. As drain_run().
 */
int drain_marks(struct drain *drain);

/* The last run, when nobody writes any more: empties every slot, whoever has it. */
int drain_finish(struct drain *drain);

/* Records that have been made and not taken: events, and what says who makes them. */
uint64_t drain_waiting(const struct drain *drain);

/* 0, DRAIN_E_SIZE, or the negative error number that ended writing. */
int drain_trouble(const struct drain *drain);

/* What was drained; events and losses as far as they are known now. */
struct object_end drain_account(const struct drain *drain);

/* Writes the account as the log's last object; `command_end` as in struct object_end. 0 or -errno. */
int drain_write_end(struct drain *drain, uint32_t command_end);

#endif
