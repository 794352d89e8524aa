// SPDX-License-Identifier: MIT
/* syscall(): system calls made by number become the same events as the functions that stand for them. */
#include <sys/syscall.h>
#include <unistd.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/image.h"
#include "preload/syscall.h"

#define NUMBERS 512

/* Event + 1 by system call number, 0 when it is none of ours. */
static uint16_t events[NUMBERS];

void syscall_prepare(void)
{
	for (unsigned i = 0; i < syscall_rows_count; i++)
		if (syscall_rows[i].number < NUMBERS)
			events[syscall_rows[i].number] = syscall_rows[i].event + 1;
	events[SYS_io_uring_setup] = events[SYS_io_uring_enter] = events[SYS_io_uring_register] = EVENT_syscall + 1;
	events[SYS_exit_group] = EVENT__exit + 1;
}

__attribute__((used)) long syscall_traced(long number, long a, long b, long c, long d, long e, long f);
__attribute__((used)) long syscall_traced(long number, long a, long b, long c, long d, long e, long f)
{
	uint16_t event = (unsigned long)number < NUMBERS ? events[number] : 0;
	struct capture capture;

	if (number == SYS_execve)
		return execve((const char *)a, (char *const *)b, (char *const *)c);
	if (number == SYS_seccomp)
		image.view.no_kernel = true;
	if (event == 0 || !CAPTURE_ENABLED(event - 1))
		return real_syscall(number, a, b, c, d, e, f);
	unsigned argc = catalogue_builtin.calls[event - 1].argc;
	uint64_t words[7] = {(uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d, (uint64_t)e, (uint64_t)f, 0};
	bool numbered = event - 1 == EVENT_syscall;
	capture.args[0] = (uint64_t)number;
	for (unsigned i = numbered; i < argc && i < 7; i++)
		capture.args[i] = words[i - numbered];
	capture_enter(&capture, event - 1, argc, __builtin_return_address(0));
	if (number == SYS_exit_group)
		capture_finish(&capture, 0, 0, OUTCOME_DEPARTED);
	long result = real_syscall(number, a, b, c, d, e, f);
	capture_leave(&capture, result);
	return result;
}

/* fork, vfork, clone and clone3 by number return twice, perhaps on one stack: nothing of ours may be in between. */
__asm__(".pushsection .text\n"
	".globl syscall\n"
	".type syscall, @function\n"
	"syscall:\n"
	"	endbr64\n"
	"	cmp $56, %rdi\n"
	"	jb 1f\n"
	"	cmp $58, %rdi\n"
	"	jbe 2f\n"
	"	cmp $435, %rdi\n"
	"	je 2f\n"
	"1:	jmp syscall_traced\n"
	"2:	jmp *real_syscall(%rip)\n"
	".size syscall, . - syscall\n"
	".popsection\n");
