// SPDX-License-Identifier: MIT
/*
 * Two traces, compared: from opening them to the list of differences. Nothing here prints, and nobody here decides
 * what the differences are worth.
 */
#ifndef IPCTRACE_READER_COMPARISON_H
#define IPCTRACE_READER_COMPARISON_H

#include "reader/canon_port.h"
#include "reader/difference.h"

/* A run: a trace in canonical form. */
struct run {
	const char *path;
	struct trace *trace;
	struct canon canon;
	uint8_t *enabled;		 /* calls that are compared, by number; NULL: all */
	const struct canon_scope *scope; /* borrowed; NULL: none */
	struct canon_common common;
	uint32_t *pids;	 /* those of `common` */
	uint16_t *ports; /* likewise */
	struct seen_ports seen;
	uint64_t lost; /* events that are known to be missing */
	bool is_damaged, is_unfinished;
	int error; /* of canon_make() */
};

#define NOTES_MAX 16

/* Why the runs are not quite comparable. */
struct note {
	char *text;
	bool is_incomplete; /* so that no verdict can be had */
};

struct comparison {
	struct run *runs[SIDES]; /* borrowed */
	struct pairing pairing;
	struct strands strands[SIDES];
	struct edits edits;
	struct differences differences;
	struct note notes[NOTES_MAX];
	uint32_t notes_count;
	bool is_incomplete; /* losses, damage, or other calls recorded */
};

/*
 * Opens the runs at `paths` and makes their canonical forms, two at a time, of the calls that all have recorded. `runs`
 * has `count` elements, all to be freed with run_free(). `scopes` has one for each, which must live as long, or is
 * NULL. 0, or 2 after one line on stderr.
 */
int runs_open(struct run *runs, const char *const *paths, const struct canon_scope *scopes, uint32_t count,
	      bool show_progress);
void run_free(struct run *run);

/* Something to be said about the comparison; at most NOTES_MAX are kept. */
void comparison_note(struct comparison *comparison, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first reason why the runs cannot be compared in full, or NULL. */
const char *comparison_trouble(const struct comparison *comparison);

/* Compares. 0 or -errno; free with comparison_free() in any case. `detailed` differences are looked up. */
int comparison_make(struct comparison *comparison, struct run *old, struct run *new, uint32_t detailed);
void comparison_free(struct comparison *comparison);

#endif
