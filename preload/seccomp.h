// SPDX-License-Identifier: MIT
/* When the program is about to forbid itself system calls: by prctl() here, by seccomp() in syscall.c. */
#ifndef IPCTRACE_PRELOAD_SECCOMP_H
#define IPCTRACE_PRELOAD_SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

/* How it was before. */
struct sandbox {
	bool no_kernel;
	uint32_t ticks_source;
};

/* To be called before the system call, after which nothing may be asked any more. */
struct sandbox sandbox_enter(bool is_strict);

/* It failed. */
void sandbox_refused(const struct sandbox *before);

#endif
