// SPDX-License-Identifier: MIT
/* What must be known before a process is made that shares this one's memory. May be called with nothing to trace for.
 */
#ifndef IPCTRACE_PRELOAD_FORK_H
#define IPCTRACE_PRELOAD_FORK_H

#include <stdint.h>

/* clone or clone3 is about to be made with these flags. */
void clone_begin(uint64_t flags);

#endif
