// SPDX-License-Identifier: MIT
/*
 * The environment for a program that is about to be executed: the caller's, with what makes the tracer follow.
 *
 * Built on the caller's stack, because the caller may be a vfork child or a signal handler: nothing may be allocated,
 * and the caller's environment must not change. The one exception is environment_settle().
 */
#ifndef IPCTRACE_PRELOAD_ENVIRONMENT_H
#define IPCTRACE_PRELOAD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct environment_plan {
	char *const *from;
	size_t count;	     /* entries of `from` */
	int64_t preload;     /* index of LD_PRELOAD, -1 when there is none */
	int64_t live;	     /* index of IPCTRACE_LIVE */
	size_t preload_size; /* bytes for the new LD_PRELOAD entry; 0 when the old one will do */
	bool is_left; /* the library cannot be reached from where the program is now: it is taken out of the list */
};

/* How many bytes of stack environment_build() needs for `envp`; 0: pass `envp` on as it is. */
size_t environment_plan(struct environment_plan *plan, char *const envp[]);

/* Builds it at `memory`; returns the new environment. */
char **environment_build(const struct environment_plan *plan, void *memory);

/*
 * For what libc executes with the program's own environment: takes the library out of LD_PRELOAD, in place, if it
 * cannot be reached from where the program is now. The dynamic linker would say on standard error that it is missing.
 */
void environment_settle(void);

/* The environment to execute with, in memory of the calling function's frame. */
#define ENVIRONMENT_FOLLOWED(name, envp)                           \
	struct environment_plan name##_plan;                       \
	size_t name##_size = environment_plan(&name##_plan, envp); \
	char *const *name =                                        \
		name##_size ? environment_build(&name##_plan, __builtin_alloca(name##_size)) : (char *const *)(envp)

#endif
