// SPDX-License-Identifier: MIT
/*
 * See unwinder.h. libunwind is loaded only when stacks are wanted: linked in, its own `backtrace` would replace the
 * program's.
 */
#include "preload/unwinder.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <time.h>
#include <unistd.h>

#include "originals.h"
#include "preload/eh_frame.h"
#include "preload/image.h"
#include "preload/memory.h"
#include "trace/raw.h"

static int (*backtrace_take)(void **frames, int size);
/*
 * libunwind tests addresses by writing them into a pipe, and keeps that pipe, which the program could miss or close. So
 * it gets numbers that no descriptor has, and the answers that the pipe would give.
 */
#define PROBE_READ  (INT_MAX - 1)
#define PROBE_WRITE INT_MAX

static int (*pipe2_original)(int ends[2], int flags);
static ssize_t (*read_original)(int fd, void *buf, size_t count);
static ssize_t (*write_original)(int fd, const void *buf, size_t count);

static bool stack_is_taken(void)
{
	return thread_slot && thread_slot->busy;
}

static int pipe2_probing(int ends[2], int flags)
{
	if (!stack_is_taken())
		return pipe2_original(ends, flags);
	ends[0] = PROBE_READ;
	ends[1] = PROBE_WRITE;
	return 0;
}

static ssize_t read_probing(int fd, void *buf, size_t count)
{
	if (fd != PROBE_READ || !stack_is_taken())
		return read_original(fd, buf, count);
	errno = EAGAIN; /* it is empty */
	return -1;
}

bool stack_is_probe(int64_t fd)
{
	return fd == PROBE_WRITE && stack_is_taken();
}

ssize_t stack_probe(uint64_t address)
{
	char byte;

	if (memory_read(&byte, address, sizeof(byte)))
		return sizeof(byte);
	errno = EFAULT;
	return -1;
}

static ssize_t write_probing(int fd, const void *buf, size_t count)
{
	return stack_is_probe(fd) ? stack_probe((uint64_t)(uintptr_t)buf) : write_original(fd, buf, count);
}

/* Nothing else runs yet. */
static void probes_put(void)
{
	pipe2_original = real_pipe2;
	read_original = real_read;
	write_original = real_write;
	real_pipe2 = pipe2_probing;
	real_read = read_probing;
	real_write = write_probing;
}

/* Set by stack_hook(): what a program's start-up code calls once libc is initialised, and nothing else runs yet. */
__attribute__((used)) void *start_main_original;

void stack_hook(void)
{
	start_main_original = dlsym(RTLD_NEXT, "__libc_start_main");
}

/*
 * Loading a library needs an initialised libc, which our constructor, the first of all, does not have. So libunwind is
 * loaded when the program's start-up code hands over to libc, by a stub that leaves no frame behind.
 */
__asm__(".pushsection .text\n"
	".globl __libc_start_main\n"
	".type __libc_start_main, @function\n"
	"__libc_start_main:\n"
	"	endbr64\n"
	"	push %rdi\n"
	"	push %rsi\n"
	"	push %rdx\n"
	"	push %rcx\n"
	"	push %r8\n"
	"	push %r9\n"
	"	sub $8, %rsp\n"
	"	call stack_prepare\n"
	"	add $8, %rsp\n"
	"	pop %r9\n"
	"	pop %r8\n"
	"	pop %rcx\n"
	"	pop %rdx\n"
	"	pop %rsi\n"
	"	pop %rdi\n"
	"	jmp *start_main_original(%rip)\n"
	".size __libc_start_main, . - __libc_start_main\n"
	".popsection\n");

/* Where libunwind lies: calls from there are its own. */
static uint64_t taker_start, taker_size;

static int taker_find(struct dl_phdr_info *info, size_t size, void *function)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			end = info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
	if ((uint64_t)(uintptr_t)function - info->dlpi_addr >= end)
		return 0;
	taker_start = info->dlpi_addr;
	taker_size = end;
	return 1;
}

__attribute__((used)) void stack_prepare(void)
{
	int (*take)(void **, int) = NULL;
	void *frames[4];

	if (!live_control.stack_depth || !thread_slot || image.view.no_kernel)
		return;
	probes_put();
	thread_slot->busy = BUSY_LOADING; /* what libunwind maps for itself is not the program's doing */
	void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
	if (library)
		*(void **)&take = dlsym(library, "unw_backtrace");
	eh_frame_prepare();
	if (take)
		take(frames, 4); /* its caches are filled here, not in the first call of the program */
	dl_iterate_phdr(taker_find, (void *)(uintptr_t)take);
	thread_slot->busy = 0;
	backtrace_take = take;
}

bool stack_is_caller(const void *site)
{
	return (uint64_t)(uintptr_t)site - taker_start < taker_size;
}

bool unwinder_is_there(void)
{
	return backtrace_take;
}

/* ---- one at a time ---------------------------------------------------------------------------------------------- */

/* How long one waits for another: it takes 13 us without its caches, and is given a processor within some ms. */
#define SPINS  2000
#define NAPS   100
#define NAP_NS 100000

/* Who is inside: process and thread; 0: nobody. */
static uint64_t inside;
/* Who was waited for in vain. */
static uint64_t outwaited;

static uint64_t unwinder_name(const struct live_slot *slot)
{
	return (uint64_t)image.pid << 32 | slot->tid;
}

/* Whether it is free, or was left behind by a jump out of a handler of this very thread. */
static bool unwinder_try(uint64_t me)
{
	uint64_t found = 0;

	return __atomic_compare_exchange_n(&inside, &found, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) ||
	       found == me;
}

bool unwinder_enter(const struct live_slot *slot)
{
	const struct timespec nap = {0, NAP_NS};
	uint64_t me = unwinder_name(slot), found = 0;

	for (int i = 0; i < SPINS + NAPS; i++) {
		if (unwinder_try(me))
			return true;
		found = __atomic_load_n(&inside, __ATOMIC_RELAXED);
		if (found && (found >> 32 != me >> 32 || found == __atomic_load_n(&outwaited, __ATOMIC_RELAXED)))
			return false;
		if (i < SPINS)
			__builtin_ia32_pause();
		else
			raw_syscall(SYS_nanosleep, &nap, NULL);
	}
	__atomic_store_n(&outwaited, found, __ATOMIC_RELAXED);
	return false;
}

void unwinder_leave(void)
{
	__atomic_store_n(&outwaited, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&inside, 0, __ATOMIC_RELEASE);
}

/* take(frames, size) on the stack that ends at `end`; who unwinds comes back to the caller's by the frame pointer. */
int take_elsewhere(int (*take)(void **, int), void **frames, int size, uint8_t *end)
	__attribute__((visibility("hidden")));
__asm__(".pushsection .text\n"
	".globl take_elsewhere\n"
	".type take_elsewhere, @function\n"
	"take_elsewhere:\n"
	"	.cfi_startproc\n"
	"	endbr64\n"
	"	push %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	mov %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	mov %rcx, %rsp\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %edx, %esi\n"
	"	call *%rax\n"
	"	mov %rbp, %rsp\n"
	"	pop %rbp\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size take_elsewhere, . - take_elsewhere\n"
	".popsection\n");

int unwinder_take(const struct live_slot *slot, void **frames, int size, uint8_t *stack_end)
{
	if (!unwinder_enter(slot)) {
		__atomic_fetch_add(&live_control.stacks_missed, 1, __ATOMIC_RELAXED);
		return 0;
	}
	int taken = stack_end ? take_elsewhere(backtrace_take, frames, size, stack_end) : backtrace_take(frames, size);
	unwinder_leave();
	return taken;
}

void unwinder_forget(const struct live_slot *slot)
{
	if (__atomic_load_n(&inside, __ATOMIC_RELAXED) == unwinder_name(slot))
		unwinder_leave();
}

bool unwinder_hold(void)
{
	const struct live_slot *slot = thread_slot;

	/* a handler that has interrupted it goes on inside */
	if (!backtrace_take || !slot || image.view.no_kernel ||
	    __atomic_load_n(&inside, __ATOMIC_RELAXED) == unwinder_name(slot))
		return false;
	return unwinder_enter(slot);
}

void unwinder_release(bool is_held)
{
	if (is_held)
		unwinder_leave();
}
