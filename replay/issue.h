// SPDX-License-Identifier: MIT
/*
 * How each call of this build's catalogue is made again: one generated row a call, in the order of the catalogue. What
 * the words mean, and whether a call may be made, is for others to know.
 */
#ifndef IPCTRACE_REPLAY_ISSUE_H
#define IPCTRACE_REPLAY_ISSUE_H

#include <stdint.h>

/* What takes the place of a call; the words of `replay` in the catalogue. */
enum issue_how {
	ISSUE_MAKE,    /* the call itself */
	ISSUE_OWN,     /* the call itself, on what the replay made */
	ISSUE_TAKE,    /* the call itself, which takes something without waiting for it */
	ISSUE_FILL,    /* nothing: the recorded result stands */
	ISSUE_FORK,    /* a process of the recorded tree */
	ISSUE_THREAD,  /* a thread of the recorded tree */
	ISSUE_JOIN,    /* waiting for one */
	ISSUE_EXEC,    /* what an exec does to descriptors */
	ISSUE_EXIT,    /* the end of a process */
	ISSUE_STANDIN, /* a descriptor of the replay's own */
	ISSUE_SWEEP,   /* closing what was open in a range */
};

struct issue_row {
	int64_t (*call)(const uint64_t *words); /* sets errno as the call does; NULL unless made, or an exit */
	uint8_t how;				/* enum issue_how */
};

/* As many rows as catalogue_builtin has calls. */
extern const struct issue_row issue_rows[];

#endif
