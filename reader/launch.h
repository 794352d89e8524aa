// SPDX-License-Identifier: MIT
/*
 * Starting the command that is to be traced, in two steps: its pid is known before it runs, so that files can be named
 * after it; it then runs with the descriptors, signals and limits that we were started with.
 */
#ifndef IPCTRACE_READER_LAUNCH_H
#define IPCTRACE_READER_LAUNCH_H

#include <sys/types.h>

struct launch {
	pid_t pid;
	int go, outcome; /* descriptors */
};

/*
 * Makes the process that becomes `argv`, and holds it. Call before handlers are installed or limits changed: it has
 * what the caller has now. 0 or -errno. Must be followed by launch_run() or launch_cancel().
 */
int launch_prepare(struct launch *launch, char **argv);

/*
 * Lets it run, traced into the live area at `live` by `library`, or untraced when `live` is NULL. 0 when the command
 * runs; a positive error number when it could not be executed: then the process is gone.
 */
int launch_run(struct launch *launch, const char *live, const char *library);

/* Ends it before it ran. */
void launch_cancel(struct launch *launch);

/*
 * Allows the caller as many open descriptors as it may have: whoever watches processes or connections has one for
 * each. Call after launch_prepare(): the command keeps its own limit.
 */
void launch_files_allow(void);

#endif
