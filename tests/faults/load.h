// SPDX-License-Identifier: MIT
/*
 * The page that a loaded program shares with the test: which threads there are, and how many calls each has made.
 */
#ifndef IPCTRACE_TESTS_FAULTS_LOAD_H
#define IPCTRACE_TESTS_FAULTS_LOAD_H

#include <stdint.h>

#define LOAD_ROWS 4000

/* A thread's row. A call counts as made when it has returned to the program. */
struct load_row {
	uint32_t pid, tid;
	uint64_t first; /* number of the thread's first call */
	uint64_t made;
};

struct load_page {
	uint32_t stop;	  /* set by the test: threads end after their next call */
	uint32_t rows;	  /* rows taken so far */
	uint32_t running; /* threads that have made a call */
	uint32_t unused;
	struct load_row row[LOAD_ROWS];
};

#endif
