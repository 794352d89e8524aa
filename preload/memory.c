// SPDX-License-Identifier: MIT
/* See memory.h. */
#include <errno.h>

#include "preload/image.h"
#include "preload/memory.h"
#include "trace/raw.h"

/*
 * Asks the kernel whether the aligned 8 bytes around `address` can be read: rt_sigprocmask() copies the set before it
 * refuses the impossible request. Unlike process_vm_readv() this call is in every sandbox's list.
 */
static bool word_is_there(uint64_t address)
{
	return raw_syscall(SYS_rt_sigprocmask, ~0, address & ~7ull, NULL, 8) != -EFAULT;
}

bool memory_is_there(uint64_t from, uint64_t size)
{
	if (image.view.no_kernel || from + size < from || !word_is_there(from))
		return false;
	for (uint64_t page = (from / LIVE_PAGE + 1) * LIVE_PAGE; page < from + size; page += LIVE_PAGE)
		if (!word_is_there(page))
			return false;
	return true;
}

bool memory_read(void *to, uint64_t from, size_t size)
{
	if (size == 0 || !memory_is_there(from, size))
		return false;
	bytes_copy(to, (const void *)(uintptr_t)from, size);
	return true;
}

bool memory_is_own_stack(uint64_t address, size_t size)
{
	uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0), top = thread_origin.stack_top;

	return here > thread_origin.stack_low && here < top && address >= here && address < top &&
	       top - address >= size;
}
