// SPDX-License-Identifier: MIT
/*
 * Large arrays in large pages. Filling gigabytes by pages of 4 KiB takes the kernel as long as the work on them.
 */
#ifndef IPCTRACE_READER_HUGE_H
#define IPCTRACE_READER_HUGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SMALL_PAGE 4096u
#define HUGE_LEAST (8u << 20)

/* Asks for it, and returns `array` (may be NULL) of `size` bytes. Only an advice; errno is not looked at. */
static inline void *huge_advise(void *array, size_t size)
{
	/* Whole mappings of malloc(): realloc() must copy what lies in one that was cut in pieces by an advice. */
	uintptr_t from = (uintptr_t)array & ~(uintptr_t)(SMALL_PAGE - 1);
	uintptr_t to = ((uintptr_t)array + size + SMALL_PAGE - 1) & ~(uintptr_t)(SMALL_PAGE - 1);

	if (array && size >= HUGE_LEAST)
		(void)madvise((void *)from, to - from, MADV_HUGEPAGE);
	return array;
}

static inline void *huge_alloc(size_t size)
{
	return huge_advise(malloc(size), size);
}

#endif
