// SPDX-License-Identifier: MIT
/*
 * One frame's rule, read from what the compiler has written about its function into .eh_frame. frame.h says what a rule
 * is, and remembers them. The tables are believed, as whoever throws an exception believes them: they come with the
 * code.
 */
#ifndef IPCTRACE_PRELOAD_EH_FRAME_H
#define IPCTRACE_PRELOAD_EH_FRAME_H

#include <stdint.h>

/* Once, when libc can be asked for its functions. Without it every frame is odd. */
void eh_frame_prepare(void);

/*
 * The rule where `pc` is. For a function that has called another one that is the byte before the return address: the
 * call may be its last instruction, and what follows another function.
 */
uint32_t eh_frame_rule(uint64_t pc);

#endif
