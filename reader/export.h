// SPDX-License-Identifier: MIT
/*
 * The formats of `ipctrace export`: each takes the entries of a trace in order of time and makes a file of them. Which
 * entries come, and where the file is, is not theirs to say.
 */
#ifndef IPCTRACE_READER_EXPORT_H
#define IPCTRACE_READER_EXPORT_H

#include "reader/identity.h"
#include "reader/output.h"
#include "reader/trace.h"

/* What an export works on; borrowed by its format. */
struct exporting {
	struct trace *trace;
	struct identities *identities; /* was told of each entry before the format is */
	struct output output;	       /* of formats that are written from beginning to end */
	const char *path;	       /* of formats that are not: there is no file of that name */
};

/*
 * Functions return 0, OUTPUT_E_CLOSED, EXPORT_E_SAID after one line on stderr, or -errno. `*state` is the format's own;
 * it is freed by free() when begin() succeeded, whatever came then.
 */
enum { EXPORT_E_SAID = 100 };

struct export_format {
	const char *name;
	const char *absent; /* why it cannot be had, or NULL; then there is nothing else */
	bool needs_file;    /* writes here and there in `path` itself; the others add to `output` */
	int (*begin)(struct exporting *exporting, void **state);
	/* An entry that is not `wanted` is told as well: what it makes and ends matters to others. */
	int (*add)(void *state, const struct trace_entry *entry, bool wanted);
	/* After the last. */
	int (*finish)(void *state);
	void (*free)(void *state);
};

extern const struct export_format export_pcapng;
extern const struct export_format export_sqlite;
extern const struct export_format export_chrome;

#endif
