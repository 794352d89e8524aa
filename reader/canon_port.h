// SPDX-License-Identifier: MIT
/*
 * Which ports a trace speaks of, and which of them the program chose, in order of time, in it and in others: known
 * before the trace is gone through, because a port is often read out of a file before it is used.
 */
#ifndef IPCTRACE_READER_CANON_PORT_H
#define IPCTRACE_READER_CANON_PORT_H

#include "reader/canon_mask.h"
#include "reader/trace.h"

/* Ports that the programs of several runs chose in each of them, in the order of the first run. */
struct shared_ports {
	uint16_t *ports; /* NULL: no run was asked yet */
	uint32_t count;
};

/*
 * Leaves in `shared` what one more run has chosen, too. 0 or -ENOMEM; `shared->ports` is to be freed with free() in any
 * case.
 */
int ports_share(struct shared_ports *shared, struct trace *trace);

/* Adds the ports of the trace to `mask`. Reads each frame that may have some, once. 0 or -ENOMEM. */
int ports_survey(struct mask *mask, struct trace *trace);

#endif
