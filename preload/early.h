// SPDX-License-Identifier: MIT
/* What a wrapper does while its original is still being looked up: the bare system call, with libc's convention. */
#ifndef IPCTRACE_PRELOAD_EARLY_H
#define IPCTRACE_PRELOAD_EARLY_H

#include <errno.h>

#include "trace/raw.h"

static inline long early_result(long result)
{
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

#define raw_syscall_errno(...) early_result(raw_syscall(__VA_ARGS__))

#endif
