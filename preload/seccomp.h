// SPDX-License-Identifier: MIT
/*
 * When the program forbids itself system calls: by prctl() here, by seccomp() in syscall.c. Where that was done before
 * its start, image.c finds out.
 */
#ifndef IPCTRACE_PRELOAD_SECCOMP_H
#define IPCTRACE_PRELOAD_SECCOMP_H

#include <stdbool.h>
#include <stdint.h>

/* Slots for so many threads and processes are mapped before it is too late. */
#define SLOTS_AHEAD 64

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
