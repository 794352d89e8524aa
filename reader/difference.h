// SPDX-License-Identifier: MIT
/*
 * What differs between two runs, as people speak of it: edits classed, grouped, ordered by how much they matter, and
 * shown with their place in both traces.
 */
#ifndef IPCTRACE_READER_DIFFERENCE_H
#define IPCTRACE_READER_DIFFERENCE_H

#include "reader/diff_find.h"

/* In order of severity, the worst first. */
enum difference_class {
	CLASS_LEAK,
	CLASS_RESULT,	 /* another outcome or errno */
	CLASS_STRUCTURE, /* threads, processes */
	CLASS_ARGUMENTS,
	CLASS_REMOVED,
	CLASS_ADDED,
	CLASS_REORDERED_CAUSAL,
	CLASS_SHORT,
	CLASS_PAYLOAD,
	CLASS_BYTES,
	CLASS_COUNT, /* of a repeated call */
	CLASS_REORDERED,
	CLASS_MOVED,
	CLASS_LATENCY,
	CLASS_WAIT,
	CLASS_INCOMPLETE,
	CLASS_RANDOM, /* content that the program asked chance for; never counts */
	CLASSES
};

extern const char *const class_names[CLASSES];

#define CONTEXT_CALLS 3

/* A call near a difference. */
struct context {
	char *line;	/* NULL: there is none */
	uint32_t turn;	/* how many lines, from the first of them on, repeat together; 0 for the others of a turn */
	uint32_t times; /* how often; 1: they do not */
};

/* Turns that are counted at most. */
#define CONTEXT_TIMES_MAX 10000u

/* Where a difference is in one of the traces. */
struct site {
	uint32_t token; /* CANON_NONE: not there; then the rest is about `next` */
	uint32_t next;	/* what comes at this place instead; CANON_NONE: nothing more */
	char *thread;	/* name, as P0.1(worker).t2 */
	uint32_t pid, tid;
	uint64_t sequence, time; /* ns since the epoch */
	char *line;
	struct context before[CONTEXT_CALLS], after[CONTEXT_CALLS]; /* nearest first */
	char **frames; /* of the stack, innermost first; NULL: none was recorded */
	uint32_t frames_count;
};

struct difference {
	enum difference_class class;
	uint32_t edit;		 /* the first of the group; CANON_NONE for latency and such */
	uint32_t count;		 /* edits of the group */
	uint32_t threads;	 /* that do it */
	char *call, *object;	 /* NULL: none, as of a trace that is incomplete */
	char *field, *old, *new; /* NULL where there is none */
	char *explanation;	 /* NULL, or a clause that says more */
	struct site sites[SIDES];
	bool has_details;
	bool is_guess;	/* CLASS_RANDOM by its looks alone */
	bool is_single; /* may be joined with its like only when looked at */
	uint64_t group, order;
};

struct differences {
	struct difference *rows;
	uint32_t count, room;
	uint64_t edits; /* that count */
};

/* Of these at most, the most severe, places and fields are looked up in the traces. */
#define DETAILED_MAX 500u

/* Classes and groups. 0 and `differences` to be freed with differences_free(), or -ENOMEM. */
int differences_make(struct differences *differences, const struct edits *edits, const struct pairing *pairing,
		     const struct strands strands[SIDES]);

/* Looks up places, fields and context of the first `count` in both traces. 0 or -errno. */
int differences_look(struct differences *differences, uint32_t count, const struct edits *edits,
		     const struct pairing *pairing, const struct strands strands[SIDES]);

/* Most severe first, then in order of time; but the first of all is among those that are looked at. */
void differences_sort(struct differences *differences);

/* Adds an empty one, or NULL when out of memory. */
struct difference *difference_add(struct differences *differences);
void differences_free(struct differences *differences);
void difference_free(struct difference *difference);

/* P0.1(worker).t2; to be freed. */
char *thread_shown(const struct canon *canon, uint32_t thread);

#endif
