// SPDX-License-Identifier: MIT
/*
 * The processes of a trace that may live: learnt one by one, and dropped when they are dead.
 *
 * A process is watched through a descriptor of its own (pidfd), so that a number which the kernel gives away again is
 * not taken for it; where no descriptor can be had it is asked for by number.
 */
#ifndef IPCTRACE_TRACE_PROCESSES_H
#define IPCTRACE_TRACE_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct processes;

/* 0 or -errno. */
int processes_new(struct processes **processes);
void processes_free(struct processes *processes);

/* Watch `pid`; nothing happens when it is watched already. One that is dead is reported by the next poll. 0 or -ENOMEM.
 */
int processes_add(struct processes *processes, uint32_t pid);

/* Calls `died` for each that has died since the last time, and forgets it. Never waits. */
void processes_poll(struct processes *processes, void (*died)(void *context, uint32_t pid), void *context);

/* How many are watched. */
size_t processes_count(const struct processes *processes);

#endif
