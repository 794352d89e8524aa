// SPDX-License-Identifier: MIT
/*
 * A whole log out of what can be read of a damaged one and of its live area: objects are copied as they are, frames are
 * numbered anew, and calls that are missing without account are counted as lost.
 */
#ifndef IPCTRACE_READER_REPAIR_H
#define IPCTRACE_READER_REPAIR_H

#include "reader/trace.h"

struct repair_account {
	uint64_t frames;  /* written */
	uint64_t missing; /* calls now counted as lost that were not before */
};

/*
 * Writes to `to`, which must not exist, what can be read of the trace at `from`. 0 or -errno; then nothing is left at
 * `to`.
 */
int repair_write(struct trace *trace, const char *from, const char *to, struct repair_account *account);

#endif
