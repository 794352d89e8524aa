// SPDX-License-Identifier: MIT
/*
 * Whether the kernel looks at what is written to a descriptor. /dev/null does not: a write of a bad address succeeds
 * there, and following it would crash the program.
 */
#ifndef IPCTRACE_PRELOAD_DESCRIPTOR_H
#define IPCTRACE_PRELOAD_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

/* True when a write to `fd` that succeeded has read the memory it was given. Asks the kernel once a descriptor. */
bool descriptor_reads(uint64_t fd);

/* `fd` is, or may be, another file than before. */
void descriptor_forget(uint64_t fd);

/* The same of all from `first` on. */
void descriptors_forget(uint64_t first);

#endif
