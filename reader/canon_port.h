// SPDX-License-Identifier: MIT
/*
 * Which ports a trace speaks of, and which of them the program chose, in order of time, in it and in others: known
 * before the trace is gone through, because a port is often read out of a file before it is used.
 */
#ifndef IPCTRACE_READER_CANON_PORT_H
#define IPCTRACE_READER_CANON_PORT_H

#include "reader/canon_mask.h"
#include "reader/trace.h"

struct seen_port {
	uint64_t ticks;
	uint16_t port;
	bool is_chosen;
};

/* The ports of a trace, in order of time. */
struct seen_ports {
	struct seen_port *rows;
	uint32_t count;
};

/* Reads each frame that may have some, once. 0 or -ENOMEM; `seen->rows` is to be freed with free() in any case. */
int ports_find(struct seen_ports *seen, struct trace *trace);

/* Adds them to `mask`. 0 or -ENOMEM. */
int ports_add(struct mask *mask, const struct seen_ports *seen);

/* Ports that the programs of several runs chose in each of them, in the order of the first run. */
struct shared_ports {
	uint16_t *ports; /* NULL: no run was asked yet */
	uint32_t count;
};

/*
 * Leaves in `shared` what one more run has chosen, too. 0 or -ENOMEM; `shared->ports` is to be freed with free() in any
 * case.
 */
int ports_share(struct shared_ports *shared, const struct seen_ports *seen);

#endif
