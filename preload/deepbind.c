// SPDX-License-Identifier: MIT
/*
 * dlopen(), which is not recorded: a library loaded with RTLD_DEEPBIND, as PHP loads its extensions, finds the
 * functions of libc before ours, so that nothing of what it calls is seen. That is counted; or, when the user asked for
 * it, the flag is taken away (--shallow).
 *
 * dlopen() looks at its caller (for RUNPATH, $ORIGIN and the namespace), so it is jumped to and not called.
 */
#include <dlfcn.h>

#include "preload/image.h"

/* What dlopen() is to be called with; in two registers. */
struct deepbind_way {
	uint64_t flags;
	void *original;
};

__attribute__((used)) struct deepbind_way deepbind_choose(int flags);
__attribute__((used)) struct deepbind_way deepbind_choose(int flags)
{
	static void *original;

	if (!original)
		original = dlsym(RTLD_NEXT, "dlopen");
	if ((flags & RTLD_DEEPBIND) && live_control.is_shallow)
		flags &= ~RTLD_DEEPBIND;
	else if (flags & RTLD_DEEPBIND)
		__atomic_fetch_add(&live_control.deep_loads, 1, __ATOMIC_RELAXED);
	return (struct deepbind_way){(uint32_t)flags, original};
}

__asm__(".pushsection .text\n"
	".globl dlopen\n"
	".type dlopen, @function\n"
	"dlopen:\n"
	"	endbr64\n"
	"	push %rdi\n"
	"	mov %esi, %edi\n"
	"	call deepbind_choose\n"
	"	pop %rdi\n"
	"	mov %eax, %esi\n"
	"	jmp *%rdx\n"
	".size dlopen, . - dlopen\n"
	".popsection\n");
