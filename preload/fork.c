// SPDX-License-Identifier: MIT
/*
 * Making processes. A forked child becomes a process of its own at once; a vfork child borrows its parent's slot, since
 * it borrows its memory; a clone that shares memory without being a thread shares what says which slot is a thread's.
 */
#include <sched.h>
#include <stdarg.h>
#include <unistd.h>

#include "events.h"
#include "originals.h"
#include "preload/capture.h"
#include "preload/fork.h"
#include "preload/image.h"

static pid_t fork_traced(pid_t (*original)(void), void *site)
{
	struct capture capture;

	if (!CAPTURE_ENABLED(EVENT_fork)) {
		pid_t pid = original();
		if (pid == 0 && image.view.slots)
			fork_child();
		return pid;
	}
	capture_enter(&capture, EVENT_fork, 0, site);
	pid_t pid = original();
	if (pid == 0) {
		capture.slot = NULL; /* the parent's; it writes the record */
		fork_child();
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
	if (image.view.slots && (flags & CLONE_VM) && !(flags & (CLONE_SETTLS | CLONE_VFORK)) && slot_mine())
		image_alive[0] = IMAGE_SHARED;
}

/* Called by the vfork stubs below, before they jump to the real one. */
__attribute__((used)) void vfork_begin(uint64_t site)
{
	struct live_slot *slot = image.view.slots ? slot_mine() : NULL;

	if (!slot || slot->vfork_enter)
		return;
	slot->vfork_child = 0;
	slot->vfork_site = site;
	slot->vfork_enter = ticks_now();
}

/*
 * vfork returns twice on one stack: a C wrapper's frame would be gone when the parent returns through it. So the stub
 * leaves nothing on the stack and jumps.
 */
#define VFORK_STUB(name)                                   \
	__asm__(".pushsection .text\n"                     \
		".globl " #name "\n"                       \
		".type " #name ", @function\n" #name ":\n" \
		"	endbr64\n"                               \
		"	sub $8, %rsp\n"                          \
		"	mov 8(%rsp), %rdi\n"                     \
		"	call vfork_begin\n"                      \
		"	add $8, %rsp\n"                          \
		"	jmp *real_" #name "(%rip)\n"       \
		".size " #name ", . - " #name "\n"         \
		".popsection\n")

VFORK_STUB(vfork);
VFORK_STUB(__vfork);

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
	for (unsigned i = 0; i < 3; i++)
		capture.args[4 + i] = (uint64_t)(uintptr_t)rest[i];
	capture_enter(&capture, EVENT_clone, 7, site);
	if (borrows && (flags & CLONE_VFORK) && !slot->vfork_enter) {
		slot->vfork_site = 0;
		slot->vfork_enter = capture.enter;
	}
	int pid = original(fn, stack, flags, arg, rest[0], rest[1], rest[2]);
	if (borrows && (flags & CLONE_VFORK))
		slot->vfork_enter = 0;
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
