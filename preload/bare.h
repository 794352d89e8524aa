// SPDX-License-Identifier: MIT
/*
 * A program started with nothing but LD_PRELOAD and IPCTRACE_OUTPUT has no recorder around it: the library starts one.
 */
#ifndef IPCTRACE_PRELOAD_BARE_H
#define IPCTRACE_PRELOAD_BARE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Starts `ipctrace collect` as a process of its own, neither child nor in the session of the program, and waits until
 * its live area is ready. Writes the area's path to `live` (of `size` bytes). False when no trace was asked for, or it
 * cannot be had; the program then runs untraced.
 */
bool bare_start(char **envp, char *live, size_t size);

#endif
