// SPDX-License-Identifier: MIT
/*
 * How the processes of a trace ended: what their parents were told by wait(), and what the recorder itself was told of
 * the command. Of a process whose parent was not traced, or did not ask, nothing is known.
 */
#ifndef IPCTRACE_READER_ENDING_H
#define IPCTRACE_READER_ENDING_H

#include "reader/text.h"
#include "reader/trace.h"

/* A process is gone, and somebody heard with which status of wait(). */
struct ending {
	uint32_t pid;
	uint64_t ticks;
	uint32_t status;
};

/* Zero it, and free `rows`. */
struct endings {
	struct ending *rows;
	size_t count, room;
};

/* Notes what the calls of `batch` were told. 0 or -ENOMEM. */
int endings_gather(struct endings *endings, const struct batch_view *batch);

/* Puts them in order; once, when every batch has been gathered. */
void endings_sort(struct endings *endings);

/* With which status the last image of a process ended; UINT32_MAX when it went on as another one, or is not known. */
uint32_t endings_find(const struct endings *endings, const struct trace *trace, const struct trace_process *process);

/* With which status the command ended; UINT32_MAX when that is not known. */
uint32_t ending_of_command(struct trace *trace);

/* "exited with 3", "killed by SIGSEGV, dumped core"; the JSON as of wait() in docs/json.md. */
void ending_print(struct text *text, const struct catalogue *catalogue, uint32_t status);
void ending_print_json(struct text *text, const struct catalogue *catalogue, uint32_t status);

#endif
