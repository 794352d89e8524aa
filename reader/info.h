// SPDX-License-Identifier: MIT
/*
 * What `ipctrace info` has gathered of a trace, and its two forms. Shared by the info*.c only.
 */
#ifndef IPCTRACE_READER_INFO_H
#define IPCTRACE_READER_INFO_H

#include "reader/class.h"
#include "reader/ending.h"
#include "reader/text.h"
#include "reader/trace.h"
#include "reader/unseen.h"

/* What is told, gathered from all frames. */
struct info {
	struct trace *trace;
	const char *path;
	uint64_t *calls;     /* events by number of the call */
	uint64_t begin, end; /* ticks of the first entry and the last return */
	uint64_t unfinished, stacks;
	uint32_t *order; /* the processes of the trace by when they began */
	struct class_count class;
	struct unseen unseen;
	struct endings endings;
};

/* Calls `print` for each family that has events, in the order of the catalogue. */
void info_each_family(const struct info *info, struct text *out,
		      void (*print)(struct text *out, const char *family, uint64_t events, bool is_first));

/* "wait", "drop", "overwrite", or "?". */
const char *info_policy_name(uint32_t policy);

void info_print_text(const struct info *info, struct text *out);
void info_print_json(const struct info *info, struct text *out);

#endif
