// SPDX-License-Identifier: MIT
/* Who this process is, and whether it was started under a seccomp filter. */
#ifndef IPCTRACE_PRELOAD_STANDING_H
#define IPCTRACE_PRELOAD_STANDING_H

#include <stdbool.h>
#include <stdint.h>

struct standing {
	uint32_t pid, parent, uid;
	bool is_confined; /* by a filter, which may kill for a system call */
};

/*
 * Reads /proc/self/status (proc(5)): where a filter allows the dynamic linker to open and read a library, it allows
 * this. Without /proc nothing is known, and the answer is what an unconfined process would find out by itself: zeros.
 */
void standing_read(struct standing *standing);

#endif
