// SPDX-License-Identifier: MIT
/*
 * Making processes. A forked child becomes a process of its own at once; a vfork child borrows its parent's slot, since
 * it borrows its memory; a clone that shares memory without being a thread shares what says which slot is a thread's.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <unistd.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/fork.h"
#include "preload/image.h"
#include "preload/unwinder.h"

static pid_t fork_traced(pid_t (*original)(void), void *site)
{
	struct capture capture;
	bool is_held = unwinder_hold();

	if (!CAPTURE_ENABLED(EVENT_fork)) {
		pid_t pid = original();
		unwinder_release(is_held);
		if (pid == 0 && image.view.slots)
			fork_returned();
		return pid;
	}
	capture_enter(&capture, EVENT_fork, 0, site);
	pid_t pid = original();
	unwinder_release(is_held);
	if (pid == 0) {
		capture.slot = NULL; /* the parent's; it writes the record */
		fork_returned();
		return 0;
	}
	capture_leave(&capture, pid);
	return pid;
}

EXPORT pid_t fork(void)
{
	return fork_traced(real_fork, __builtin_return_address(0));
}

EXPORT pid_t __fork(void)
{
	return fork_traced(real___fork, __builtin_return_address(0));
}

EXPORT pid_t _Fork(void)
{
	return fork_traced(real__Fork, __builtin_return_address(0));
}

void clone_begin(uint64_t flags)
{
	/* a child of its own that we would not notice: neither of the two is recorded from here on */
	if (image.is_confined && !(flags & CLONE_VM)) {
		image.view.slots = NULL;
		thread_slot = NULL;
	}
	if (image.view.slots && (flags & CLONE_VM) && !(flags & (CLONE_SETTLS | CLONE_VFORK)) && slot_mine()) {
		image_life.state = IMAGE_SHARED;
		image_quicken();
	}
}

/*
 * Called by the vfork stubs below. False when the child is not to be followed, because this is one of a vfork child
 * itself.
 */
__attribute__((used)) bool vfork_begin(uint64_t site);
__attribute__((used)) bool vfork_begin(uint64_t site)
{
	struct live_slot *slot = image.view.slots ? slot_mine() : NULL;

	if (!slot || slot->vfork_enter)
		return false;
	slot->vfork_child = 0;
	slot->vfork_site = site;
	slot->vfork_enter = ticks_now();
	return true;
}

/* Returns twice, as vfork does: in the child, and in the parent when the child is gone. `site` is set as it was. */
__attribute__((used)) void vfork_return(int pid, uint64_t *site);
__attribute__((used)) void vfork_return(int pid, uint64_t *site)
{
	struct live_slot *slot = thread_slot;
	struct capture capture = {.slot = slot, .site = slot->vfork_site, .enter = slot->vfork_enter};

	*site = slot->vfork_site;
	if (pid == 0)
		return;
	/* what the child was killed in, and what it wrote without publishing: it may have been replaced */
	slot->vfork_child = pid > 0 ? (uint32_t)pid : 0;
	capture_abandon(slot, (uint64_t)(uintptr_t)site, OUTCOME_UNFINISHED);
	stream_publish_all(slot);
	slot->vfork_child = 0;
	slot->vfork_enter = 0;
	capture.type = RECORD_CALL + EVENT_vfork;
	capture.index = in_flight_top(slot);
	if (CAPTURE_ENABLED(EVENT_vfork))
		capture_finish(&capture, pid, pid < 0 ? errno : 0, OUTCOME_RETURNED);
}

/*
 * vfork returns twice on one stack, on which the child has gone on in between: the return address of a C wrapper would
 * be written over. So it is kept in the slot, and libc's vfork is called where the caller's frame ends; it keeps its
 * own return address in a register.
 */
#define VFORK_STUB(name)                                   \
	__asm__(".pushsection .text\n"                     \
		".globl " #name "\n"                       \
		".type " #name ", @function\n" #name ":\n" \
		"	.cfi_startproc\n"                        \
		"	endbr64\n"                               \
		"	mov (%rsp), %rdi\n"                      \
		"	sub $8, %rsp\n"                          \
		"	.cfi_def_cfa_offset 16\n"                \
		"	call vfork_begin\n"                      \
		"	add $8, %rsp\n"                          \
		"	.cfi_def_cfa_offset 8\n"                 \
		"	test %al, %al\n"                         \
		"	jnz 1f\n"                                \
		"	jmp *real_" #name "(%rip)\n"       \
		"1:	add $8, %rsp\n"                        \
		"	call *real_" #name "(%rip)\n"      \
		"	sub $8, %rsp\n"                          \
		"	push %rax\n"                             \
		"	.cfi_def_cfa_offset 16\n"                \
		"	mov %eax, %edi\n"                        \
		"	lea 8(%rsp), %rsi\n"                     \
		"	call vfork_return\n"                     \
		"	pop %rax\n"                              \
		"	.cfi_def_cfa_offset 8\n"                 \
		"	ret\n"                                   \
		"	.cfi_endproc\n"                          \
		".size " #name ", . - " #name "\n"         \
		".popsection\n")

VFORK_STUB(vfork);
VFORK_STUB(__vfork);

/* For syscall(SYS_vfork). */
__asm__(".globl vfork_by_number\n"
	".hidden vfork_by_number\n"
	".set vfork_by_number, vfork\n");

/* Which flags each of the optional arguments is for. */
static const int rest_flags[3] = {CLONE_PARENT_SETTID | CLONE_PIDFD, CLONE_SETTLS,
				  CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID};

typedef int (*clone_function)(int (*fn)(void *), void *stack, int flags, void *arg, ...);

static int clone_traced(clone_function original, void *site, int (*fn)(void *), void *stack, int flags, void *arg,
			void *const rest[3])
{
	bool borrows = (flags & CLONE_VM) && !(flags & CLONE_SETTLS);
	struct live_slot *slot = image.view.slots ? slot_mine() : NULL;
	struct capture capture;

	clone_begin((uint64_t)(unsigned)flags);
	if (!slot || !CAPTURE_ENABLED(EVENT_clone))
		return original(fn, stack, flags, arg, rest[0], rest[1], rest[2]);
	capture.args[0] = (uint64_t)(uintptr_t)fn;
	capture.args[1] = (uint64_t)(uintptr_t)stack;
	capture.args[2] = (uint64_t)flags;
	capture.args[3] = (uint64_t)(uintptr_t)arg;
	/* where the flags do not ask for them, the caller may have given none */
	for (unsigned i = 0; i < 3; i++)
		capture.args[4 + i] = flags & rest_flags[i] ? (uint64_t)(uintptr_t)rest[i] : 0;
	capture_enter(&capture, EVENT_clone, 7, site);
	if (borrows && (flags & CLONE_VFORK) && !slot->vfork_enter) {
		slot->vfork_site = 0;
		slot->vfork_enter = capture.enter;
	}
	int pid = original(fn, stack, flags, arg, rest[0], rest[1], rest[2]);
	if (borrows && (flags & CLONE_VFORK)) {
		slot->vfork_enter = 0;
		stream_publish_all(slot); /* the child may have been replaced */
	}
	capture_leave(&capture, pid);
	return pid;
}

#define CLONE_REST(last)                        \
	void *rest[3];                          \
	va_list more;                           \
	va_start(more, last);                   \
	for (unsigned i = 0; i < 3; i++)        \
		rest[i] = va_arg(more, void *); \
	va_end(more)

EXPORT int clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	CLONE_REST(arg);
	return clone_traced(real_clone, __builtin_return_address(0), fn, stack, flags, arg, rest);
}

EXPORT int __clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	CLONE_REST(arg);
	return clone_traced(real___clone, __builtin_return_address(0), fn, stack, flags, arg, rest);
}
