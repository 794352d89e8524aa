// SPDX-License-Identifier: MIT
/*
 * libunwind, for the stacks that walk.c does not know its way in: of signal handlers, of code made at run time.
 *
 * It has a lock of its own, under which it asks the dynamic linker, which has another. A handler that interrupts its
 * thread inside the linker, and makes a traced call, would wait for the first while it holds the second, and a thread
 * in libunwind the other way round, for ever. So there is one thread inside at a time, known by name, be it
 * in libunwind or in the linker itself to see what is loaded; and who waits for it in vain goes without a stack, which
 * is counted.
 */
#ifndef IPCTRACE_PRELOAD_UNWINDER_H
#define IPCTRACE_PRELOAD_UNWINDER_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/capture.h"

/*
 * Lets the slot's thread in, where nobody is, and out again. False: who is inside does not come out within some ms, or
 * was copied by a fork, and then the locks are held for ever.
 */
bool unwinder_enter(const struct live_slot *slot);
void unwinder_leave(void);

/* Whether stacks were wanted, and it could be loaded. */
bool unwinder_is_there(void);

/*
 * The return addresses of the stack, up to `size`, innermost first, our own among them: how many there are, 0 when it
 * gave up. Runs on the stack that ends at `stack_end`; where the caller is when that is NULL. errno may change.
 */
int unwinder_take(const struct live_slot *slot, void **frames, int size, uint8_t *stack_end);

/* The slot's thread ends: should it have been jumped out of there, others may go in again. */
void unwinder_forget(const struct live_slot *slot);

/*
 * Around a fork, so that the child finds nobody inside. unwinder_hold() says what unwinder_release() is to be told, in
 * parent and child.
 */
bool unwinder_hold(void);
void unwinder_release(bool is_held);

#endif
