// SPDX-License-Identifier: MIT
/*
 * How far a command is that takes longer than a second: one line on the terminal, gone when it is done. May be told
 * from several threads.
 */
#ifndef IPCTRACE_READER_PROGRESS_H
#define IPCTRACE_READER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	_Atomic uint64_t events;
	uint64_t begin, shown; /* ms; 0: not shown */
	bool is_wanted;
};

/* Shown on stderr, if that is a terminal and `is_wanted`. */
void progress_begin(struct progress *progress, bool is_wanted);

/* So many more events have been read; not to be called for each one. */
void progress_add(struct progress *progress, uint64_t events);

/* Takes the line away, so that something else can be said. */
void progress_end(const struct progress *progress);

#endif
