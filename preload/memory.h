// SPDX-License-Identifier: MIT
/*
 * Memory of the program that may not be there. It is asked for and read through the kernel, which answers a bad address
 * with an error instead of a signal; where the kernel may not be asked, nothing is there. Nothing here writes to it.
 */
#ifndef IPCTRACE_PRELOAD_MEMORY_H
#define IPCTRACE_PRELOAD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all `size` bytes at `from` can be read. */
bool memory_is_there(uint64_t from, uint64_t size);

/* Reads `size` bytes at `from`; false when not all of them are there, or the kernel may not be asked. */
bool memory_read(void *to, uint64_t from, size_t size);

/*
 * Whether the `size` bytes at `address` are in the part of this thread's own stack that is certainly in use: above us,
 * below its top. On any other stack, a handler's or a coroutine's, nothing is certain.
 */
bool memory_is_own_stack(uint64_t address, size_t size);

#endif
