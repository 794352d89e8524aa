// SPDX-License-Identifier: MIT
/*
 * See clock.h.
 */
#include "trace/clock.h"

#include <time.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#define ATTEMPTS 5

bool tsc_is_steady(void)
{
#ifdef __x86_64__
	/* asked once: in a virtual machine the answer costs tens of microseconds */
	static bool is_known, is_steady;
	unsigned eax, ebx, ecx, edx = 0;

	if (!is_known)
		is_steady = __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) && (edx & 1u << 8);
	is_known = true;
	return is_steady;
#else
	return false;
#endif
}

static uint64_t clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t monotonic_now(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t ticks_read(bool is_tsc)
{
#ifdef __x86_64__
	if (is_tsc)
		return __builtin_ia32_rdtsc();
#endif
	return monotonic_now();
}

struct log_anchor anchor_read(bool is_tsc)
{
	struct log_anchor best = {0};
	uint64_t best_width = UINT64_MAX;

	for (int i = 0; i < ATTEMPTS; i++) {
		uint64_t before = ticks_read(is_tsc);
		uint64_t monotonic = monotonic_now();
		uint64_t realtime = clock_read(CLOCK_REALTIME);
		uint64_t width = ticks_read(is_tsc) - before;
		if (width >= best_width)
			continue;
		best_width = width;
		/* without a counter the ticks are the monotonic reading itself */
		best = (struct log_anchor){is_tsc ? before + width / 2 : monotonic, monotonic, realtime};
	}
	return best;
}
