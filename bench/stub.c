// SPDX-License-Identifier: MIT
/*
 * A recv() that the kernel has no part in: it takes as many ticks as a short call, and fails. Preloaded behind a
 * tracer, it leaves of single calls' times what the tracer does to them, and interrupts, which are rarer than 1 in
 * 10,000.
 *
 * Whoever it is preloaded to keeps the priority that it was started with: a machine with other work to do is measured
 * at a real-time one, and so is the collector there.
 */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* About 100 ns. Without them calls come quicker than any processor can take them up. */
#define TICKS 256

static uint64_t ticks_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

__attribute__((visibility("default"))) ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	uint64_t start = ticks_read();

	while (ticks_read() - start < TICKS)
		;
	errno = EBADF;
	return -1;
}

__attribute__((visibility("default"))) int sched_setscheduler(pid_t pid, int policy,
							      const struct sched_param *parameter)
{
	return 0;
}
