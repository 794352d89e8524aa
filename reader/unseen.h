// SPDX-License-Identifier: MIT
/*
 * Programs that were started in a trace and never reported: static ones, set-user-ID ones, and others that the library
 * did not get into. Gathered from the calls that start programs, in any order, and judged when all have been seen.
 */
#ifndef IPCTRACE_READER_UNSEEN_H
#define IPCTRACE_READER_UNSEEN_H

#include "reader/index.h"
#include "reader/trace.h"

/* A program that was about to run in `pid`. */
struct unseen_start {
	uint32_t pid;
	uint64_t ticks;
	char *path; /* as the call was given it; NULL when it was given a descriptor */
};

struct unseen {
	struct unseen_start *starts; /* after unseen_judge(): those never heard of, in order of time */
	size_t count, room;
	struct index last_index; /* pid to its place in `last` */
	uint64_t *last;		 /* ticks of its last event */
	size_t last_count;
	bool is_command; /* nothing reported at all: then it is the command itself, which is not in `starts` */
};

/* Notes what the calls of `batch` start. 0 or -ENOMEM. */
int unseen_gather(struct unseen *unseen, const struct batch_view *batch);

/* Once, when every batch of `trace` has been gathered. */
void unseen_judge(struct unseen *unseen, struct trace *trace);

/* How many there are. */
uint64_t unseen_count(const struct unseen *unseen);

void unseen_free(struct unseen *unseen);

#endif
