// SPDX-License-Identifier: MIT
/*
 * select() and pselect() overwrite the sets they are given, so these are read before the call, through the kernel,
 * which answers a bad address with an error.
 */
#include <sys/select.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/memory.h"

#define SETS 3

static unsigned sets_read(struct capture_before *before, int nfds, fd_set *const sets[SETS])
{
	uint64_t size = nfds <= 0 ? 0 : nfds > FD_SETSIZE ? sizeof(fd_set) : ((uint64_t)nfds + 63) / 64 * 8;
	unsigned count = 0;

	for (unsigned i = 0; i < SETS && size; i++) {
		if (!sets[i] || !memory_read(before[count].bytes, (uint64_t)(uintptr_t)sets[i], size))
			continue;
		before[count].arg = (uint8_t)(i + 1);
		before[count++].size = (uint8_t)size;
	}
	return count;
}

static int select_traced(int (*original)(int, fd_set *, fd_set *, fd_set *, struct timeval *), void *site, int nfds,
			 fd_set *const sets[SETS], struct timeval *timeout)
{
	struct capture_before before[SETS];
	struct capture capture;

	if (!CAPTURE_ENABLED(EVENT_select))
		return original(nfds, sets[0], sets[1], sets[2], timeout);
	unsigned count = sets_read(before, nfds, sets);
	capture.args[0] = (uint64_t)nfds;
	for (unsigned i = 0; i < SETS; i++)
		capture.args[i + 1] = (uint64_t)(uintptr_t)sets[i];
	capture.args[4] = (uint64_t)(uintptr_t)timeout;
	capture_enter(&capture, EVENT_select, 5, site);
	capture.before = before;
	capture.before_count = (uint8_t)count;
	int result = original(nfds, sets[0], sets[1], sets[2], timeout);
	capture_leave(&capture, result);
	return result;
}

EXPORT int select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout)
{
	fd_set *const sets[SETS] = {readfds, writefds, exceptfds};

	return select_traced(real_select, __builtin_return_address(0), nfds, sets, timeout);
}

EXPORT int __select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout)
{
	fd_set *const sets[SETS] = {readfds, writefds, exceptfds};

	return select_traced(real___select, __builtin_return_address(0), nfds, sets, timeout);
}

EXPORT int pselect(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, const struct timespec *timeout,
		   const sigset_t *sigmask)
{
	fd_set *const sets[SETS] = {readfds, writefds, exceptfds};
	struct capture_before before[SETS];
	struct capture capture;

	if (!CAPTURE_ENABLED(EVENT_pselect))
		return real_pselect(nfds, readfds, writefds, exceptfds, timeout, sigmask);
	unsigned count = sets_read(before, nfds, sets);
	capture.args[0] = (uint64_t)nfds;
	for (unsigned i = 0; i < SETS; i++)
		capture.args[i + 1] = (uint64_t)(uintptr_t)sets[i];
	capture.args[4] = (uint64_t)(uintptr_t)timeout;
	capture.args[5] = (uint64_t)(uintptr_t)sigmask;
	capture_enter(&capture, EVENT_pselect, 6, __builtin_return_address(0));
	capture.before = before;
	capture.before_count = (uint8_t)count;
	int result = real_pselect(nfds, readfds, writefds, exceptfds, timeout, sigmask);
	capture_leave(&capture, result);
	return result;
}
