// SPDX-License-Identifier: MIT
/*
 * Which ports a trace speaks of, and which of them the program chose, in order of time: known before the trace is gone
 * through, because a port is often read out of a file before it is used.
 */
#ifndef IPCTRACE_READER_CANON_PORT_H
#define IPCTRACE_READER_CANON_PORT_H

#include "reader/canon_mask.h"
#include "reader/trace.h"

/* Adds the ports of the trace to `mask`. Reads each frame that may have some, once. 0 or -ENOMEM. */
int ports_survey(struct mask *mask, struct trace *trace);

#endif
