// SPDX-License-Identifier: MIT
/*
 * System calls as such: what a player does for itself must not be recorded among what it performs. -errno on failure;
 * errno stays as it is.
 */
#ifndef IPCTRACE_REPLAY_RAW_H
#define IPCTRACE_REPLAY_RAW_H

#include <stdint.h>
#include <sys/syscall.h>

static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define RAW_1(name, a)		   raw_call(SYS_##name, (long)(a), 0, 0, 0, 0, 0)
#define RAW_2(name, a, b)	   raw_call(SYS_##name, (long)(a), (long)(b), 0, 0, 0, 0)
#define RAW_3(name, a, b, c)	   raw_call(SYS_##name, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define RAW_4(name, a, b, c, d)	   raw_call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define RAW_5(name, a, b, c, d, e) raw_call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define RAW_6(name, a, b, c, d, e, f) \
	raw_call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
