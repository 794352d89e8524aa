// SPDX-License-Identifier: MIT
/* Which event a system call's number stands for: the generated rows. */
#ifndef IPCTRACE_PRELOAD_SYSCALL_H
#define IPCTRACE_PRELOAD_SYSCALL_H

#include <stdbool.h>
#include <stdint.h>

struct syscall_row {
	uint16_t number, event;
	bool (*given)(const uint64_t *args); /* whether the optional arguments are there; NULL: always */
};

extern const struct syscall_row syscall_rows[];
extern const unsigned syscall_rows_count;

#endif
