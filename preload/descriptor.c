// SPDX-License-Identifier: MIT
/*
 * See descriptor.h. What is known of a number is kept as long as closes are traced, which say when it ends; a number
 * that libc closed by itself is caught when something traced opens it again.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "events.h"
#include "preload/descriptor.h"
#include "preload/image.h"
#include "trace/raw.h"

#define KNOWN_MAX 4096u

/* 1: reads what it is given; 0: not known to. */
static volatile uint8_t known[KNOWN_MAX];

/* Character devices do as they like; terminals are known to read. */
static bool file_reads(const struct stat *status)
{
	enum { MAJOR_TTY = 4, MAJOR_TTY_OTHER = 5, MAJOR_PTY = 136, MAJOR_PTY_LAST = 143 };
	unsigned number = major(status->st_rdev);

	return !S_ISCHR(status->st_mode) || number == MAJOR_TTY || number == MAJOR_TTY_OTHER ||
	       (number >= MAJOR_PTY && number <= MAJOR_PTY_LAST);
}

bool descriptor_reads(uint64_t fd)
{
	bool may_know = fd < KNOWN_MAX && CAPTURE_ENABLED(EVENT_close);
	struct stat status;

	if ((may_know && known[fd]) || image.view.no_kernel)
		return true;
	bool reads = raw_syscall(SYS_fstat, fd, &status) == 0 && file_reads(&status);
	if (may_know)
		known[fd] = reads;
	return reads;
}

void descriptor_forget(uint64_t fd)
{
	if (fd < KNOWN_MAX)
		known[fd] = 0;
}

void descriptors_forget(uint64_t first)
{
	for (uint64_t fd = first; fd < KNOWN_MAX; fd++)
		known[fd] = 0;
}
