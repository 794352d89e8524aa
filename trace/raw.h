// SPDX-License-Identifier: MIT
/*
 * System calls made by the tracer inside somebody else's program: inline, no errno, no cancellation point, no PLT.
 *
 * Everything in preload/ and trace/stream.c that needs the kernel comes through here. Results are the kernel's: a
 * negative error number on failure.
 */
#ifndef IPCTRACE_TRACE_RAW_H
#define IPCTRACE_TRACE_RAW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define RAW_ARGS(n, a, b, c, d, e, f, ...) raw_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* raw_syscall(number, up to six arguments) */
#define raw_syscall(...) RAW_ARGS(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

/*
 * No libc function may be called while the program is inside one of ours: these stand for the few that are needed.
 * What is small, as most of it is, is spared the slow start of the string instruction.
 */
static inline void bytes_copy(void *to, const void *from, size_t size)
{
	char *at = (char *)to;
	const char *bytes = (const char *)from;

	if (__builtin_expect(size <= 64, 1)) {
		for (; size >= 8; size -= 8, at += 8, bytes += 8)
			__builtin_memcpy(at, bytes, 8);
		if (size & 4)
			__builtin_memcpy(at, bytes, 4);
		at += size & 4;
		bytes += size & 4;
		if (size & 2)
			__builtin_memcpy(at, bytes, 2);
		if (size & 1)
			at[size & 2] = bytes[size & 2];
		return;
	}
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

static inline void bytes_zero(void *to, size_t size)
{
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(0) : "memory");
}

#endif
