// SPDX-License-Identifier: MIT
/*
 * A baseline: a text that says what varies between good runs, for people to review, and beside it the trace of one of
 * these runs to compare with (NAME.ipct beside NAME). The text names that trace by its checksum.
 */
#ifndef IPCTRACE_READER_BASELINE_FILE_H
#define IPCTRACE_READER_BASELINE_FILE_H

#include "reader/diff_rule.h"
#include "reader/learned.h"

struct baseline {
	char *path;	 /* of the text */
	char *reference; /* of the trace */
	struct diff_rules rules;
};

/* Writes both. 0, or 2 after one line on stderr. */
int baseline_write(const char *path, const char *trace, const struct run *run, const struct learned *learned);

/* Reads the text, and checks the trace beside it. 0 and to be freed with baseline_free(), or 2 after a line. */
int baseline_read(struct baseline *baseline, const char *path);
void baseline_free(struct baseline *baseline);

/* Adds rules at the end of the text. 0, or 2 after one line on stderr. */
int baseline_append(const char *path, const struct text *rules);

#endif
