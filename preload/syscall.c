// SPDX-License-Identifier: MIT
/* syscall(): system calls made by number become the same events as the functions that stand for them. */
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/fork.h"
#include "preload/image.h"
#include "preload/memory.h"
#include "preload/seccomp.h"
#include "preload/syscall.h"

#define NUMBERS 512

/* Where an argument of the event stands among those of syscall(). */
enum place { NOTHING, A, B, C, D, E, F, NUMBER, PLACES };

/* What a system call number stands for. */
struct meaning {
	const uint8_t *places; /* NULL: in order */
	bool (*given)(const uint64_t *args);
	uint16_t event; /* + 1; 0 when it is none of ours */
};

static struct meaning meanings[NUMBERS];

/* Those that take their arguments in other places than the functions do, and those that have no function. */
static const struct {
	uint16_t number, event;
	uint8_t places[CALL_ARGS_MAX];
} moved[] = {
	{SYS_preadv2, EVENT_preadv2, {A, B, C, D, F}},
	{SYS_pwritev2, EVENT_pwritev2, {A, B, C, D, F}},
	{SYS_eventfd, EVENT_eventfd, {A}},
	{SYS_eventfd2, EVENT_eventfd, {A, B}},
	{SYS_signalfd, EVENT_signalfd, {A, B}},
	{SYS_signalfd4, EVENT_signalfd, {A, B, D}},
	{SYS_select, EVENT_select, {A, B, C, D, E}},
	{SYS_pselect6, EVENT_pselect, {A, B, C, D, E}},
	{SYS_exit_group, EVENT__exit, {A}},
	{SYS_io_uring_setup, EVENT_syscall, {NUMBER, A, B}},
	{SYS_io_uring_enter, EVENT_syscall, {NUMBER, A, B, C, D, E, F}},
	{SYS_io_uring_register, EVENT_syscall, {NUMBER, A, B, C, D}},
};

void syscall_prepare(void)
{
	for (unsigned i = 0; i < syscall_rows_count; i++)
		if (syscall_rows[i].number < NUMBERS)
			meanings[syscall_rows[i].number] = (struct meaning){
				.given = syscall_rows[i].given, .event = (uint16_t)(syscall_rows[i].event + 1)};
	for (unsigned i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		meanings[moved[i].number] =
			(struct meaning){.places = moved[i].places, .event = (uint16_t)(moved[i].event + 1)};
}

static void args_place(struct capture *capture, const struct meaning *meaning, const struct call_spec *call,
		       const uint64_t words[PLACES])
{
	for (unsigned i = 0; i < call->argc; i++)
		capture->args[i] = words[meaning->places ? meaning->places[i] : i < F ? A + i : NOTHING];
	if (!meaning->given || meaning->given(capture->args))
		return;
	for (unsigned i = 0; i < call->argc; i++)
		if (call->args[i].value.optional)
			capture->args[i] = 0;
}

__attribute__((used)) long syscall_traced(long number, long a, long b, long c, long d, long e, long f);
__attribute__((used)) long syscall_traced(long number, long a, long b, long c, long d, long e, long f)
{
	const struct meaning *meaning = (unsigned long)number < NUMBERS ? &meanings[number] : NULL;
	const uint64_t words[PLACES] = {0,	     (uint64_t)a, (uint64_t)b, (uint64_t)c,
					(uint64_t)d, (uint64_t)e, (uint64_t)f, (uint64_t)number};
	struct capture capture;

	if (number == SYS_execve)
		return execve((const char *)a, (char *const *)b, (char *const *)c);
	if (number == SYS_execveat)
		return execveat((int)a, (const char *)b, (char *const *)c, (char *const *)d, (int)e);
	if (number == SYS_write && stack_is_probe(a))
		return stack_probe((uint64_t)b);
	if (number == SYS_prctl)
		return prctl((int)a, b, c, d, e);
	if (number == SYS_seccomp && (a == SECCOMP_SET_MODE_STRICT || a == SECCOMP_SET_MODE_FILTER)) {
		struct sandbox before = sandbox_enter(a == SECCOMP_SET_MODE_STRICT);
		long refused = real_syscall(number, a, b, c, d, e, f);
		if (refused != 0)
			sandbox_refused(&before);
		return refused;
	}
	if (!meaning || !meaning->event || !CAPTURE_ENABLED(meaning->event - 1))
		return real_syscall(number, a, b, c, d, e, f);
	unsigned event = meaning->event - 1u;
	const struct call_spec *call = &catalogue_builtin.calls[event];
	args_place(&capture, meaning, call, words);
	capture_enter(&capture, event, call->argc, __builtin_return_address(0));
	if (number == SYS_exit_group)
		capture_finish(&capture, 0, 0, OUTCOME_DEPARTED);
	long result = real_syscall(number, a, b, c, d, e, f);
	capture_leave(&capture, result);
	return result;
}

/* Before the system calls that make processes, which return twice. */
__attribute__((used)) void syscall_forks(long number, uint64_t a);
__attribute__((used)) void syscall_forks(long number, uint64_t a)
{
	uint64_t flags = 0; /* fork's */

	if (number == SYS_clone)
		flags = a;
	else if (number == SYS_clone3)
		memory_read(&flags, a, sizeof(flags));
	clone_begin(flags);
}

/*
 * fork, vfork, clone and clone3 by number return twice, perhaps on one stack: nothing of ours may be on it when they
 * are made. vfork has a stub of its own.
 */
__asm__(".pushsection .text\n"
	".globl syscall\n"
	".type syscall, @function\n"
	"syscall:\n"
	"	endbr64\n"
	"	cmp $56, %rdi\n"
	"	jb 1f\n"
	"	cmp $58, %rdi\n"
	"	je vfork_by_number\n"
	"	jb 2f\n"
	"	cmp $435, %rdi\n"
	"	je 2f\n"
	"1:	jmp syscall_traced\n"
	"2:	push %rdi\n"
	"	push %rsi\n"
	"	push %rdx\n"
	"	push %rcx\n"
	"	push %r8\n"
	"	push %r9\n"
	"	sub $8, %rsp\n"
	"	call syscall_forks\n"
	"	add $8, %rsp\n"
	"	pop %r9\n"
	"	pop %r8\n"
	"	pop %rcx\n"
	"	pop %rdx\n"
	"	pop %rsi\n"
	"	pop %rdi\n"
	"	jmp *real_syscall(%rip)\n"
	".size syscall, . - syscall\n"
	".popsection\n");
