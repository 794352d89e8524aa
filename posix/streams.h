// SPDX-License-Identifier: MIT
/*
 * The POSIX trace streams of this process, by their identifiers: those that it controls, those into which it is
 * traced, and logs that it has opened.
 */
#ifndef IPCTRACE_POSIX_STREAMS_H
#define IPCTRACE_POSIX_STREAMS_H

#include <stdbool.h>
#include <sys/types.h>

#include "posix/life.h"
#include "posix/stream.h"

/* What an identifier may stand for; sets of these say what a function takes. */
enum {
	ENTRY_FREE = 0,
	ENTRY_ACTIVE = 1,
	ENTRY_LOGGED = 2, /* active, with log */
	ENTRY_RECORDED = 4,
};

struct posix_recorded;

struct posix_entry {
	uint32_t kind;
	uint32_t generation; /* counts the streams that had this place */
	pid_t owner;
	struct posix_stream stream;
	struct posix_recorded *recorded;
	struct life life; /* by which the keeper of the log knows of our end */
	uint32_t list_at; /* of posix_trace_eventtypelist_getnext_id() */
};

extern struct posix_entry posix_entries[TRACE_SYS_MAX];

/* Bit n: this process is traced into the stream of entry n. */
extern uint32_t posix_tracing;

/* Who it is, when it is one of `kinds` and of this process, to be given back; otherwise NULL: EINVAL. */
struct posix_entry *entry_get(trace_id_t trid, unsigned kinds);
void entry_put(struct posix_entry *entry);

/* A free place, for this process; entry_publish() makes it usable, entry_free() gives it back. NULL: EAGAIN. */
struct posix_entry *entry_new(void);
trace_id_t entry_publish(struct posix_entry *entry, unsigned kind);
void entry_free(struct posix_entry *entry);

/*
 * From here on the identifier is nobody's: false when somebody else has done it before. Then entry_leave() waits for
 * those that are still at it (but for the caller, who holds it) and entry_free() ends it. Who never comes back, because
 * a handler jumped out of recording, is not waited for for ever: entry_leave() is false then, and the place and its
 * memory stay as they are.
 */
bool entry_withdraw(struct posix_entry *entry);
bool entry_leave(struct posix_entry *entry);

/* For the forks that make keepers: handlers for those of the program stand aside. Of the calling thread. */
void entries_keep(bool keeps);

#endif
