// SPDX-License-Identifier: MIT
/*
 * Call stacks: recognised or walked by walk.c, and by libunwind where that does not know its way. libunwind is loaded
 * only when stacks are wanted: linked in, its own `backtrace` would replace the program's. A stack is written out the
 * first time a thread has it; events refer to it by hash.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "originals.h"
#include "preload/capture.h"
#include "preload/eh_frame.h"
#include "preload/frame.h"
#include "preload/image.h"
#include "preload/memory.h"
#include "preload/walk.h"
#include "trace/raw.h"

/* Above the frame that we know as a thread's first lie few of libc's, and then libc's record of the thread. */
#define THREAD_ROOM 2048
#define STACKS_SEEN (sizeof(((struct live_slot *)0)->stacks_seen) / 8)

static int (*backtrace_take)(void **frames, int size);
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

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

/* Whether this thread has not written this stack out yet; from now on it has. */
static inline bool stack_is_new(struct live_slot *slot, uint64_t hash)
{
	uint64_t *seen = &slot->stacks_seen[hash % STACKS_SEEN];

	if (__builtin_expect(*seen == hash, 1))
		return false;
	*seen = hash;
	return true;
}

/* `depth` frames, or those of a walk. */
static void stack_write(struct live_slot *slot, uint64_t hash, const uint64_t *frames, const struct walk *walk,
			unsigned depth)
{
	uint32_t words = (uint32_t)(sizeof(struct record_stack) / 8 + depth);
	struct stream_room room = stream_reserve(&image.view, slot, words);

	if (!room.at)
		return;
	struct record_stack *record = (struct record_stack *)room.at;
	record->hash = hash;
	record->depth = depth;
	if (walk)
		walk_tell(walk, record->frames);
	else
		bytes_copy(record->frames, frames, depth * sizeof(*frames));
	stream_publish(slot, &room, words, words, RECORD_STACK);
}

static bool frame_is_ours(const void *frame)
{
	return (const char *)frame >= __ehdr_start && (const char *)frame < etext;
}

/*
 * Memory for each slot: what its stacks are known by, and a stack of ours. Handlers' and coroutines' stacks may have
 * little room, and libunwind wants up to 10 KiB: there it runs on that one. The kernel must not meet a signal then: it
 * would not see that the handler's stack is in use, and begin it anew.
 */
#define SCRATCH_SIZE 65536

static uint8_t *scratches[LIVE_SLOTS_MAX];

static unsigned depth_wanted(void)
{
	return live_control.stack_depth < WALK_DEPTH_MAX ? live_control.stack_depth : WALK_DEPTH_MAX;
}

/* As rings: where the program's own mappings do not go. */
#define SCRATCHES_AT 0x688000000000ull

static uint8_t *scratch_map(uint32_t index, unsigned wanted)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	uint64_t size = (SCRATCH_SIZE + walks_size(wanted) + LIVE_PAGE - 1) / LIVE_PAGE * LIVE_PAGE;
	long mapped = raw_syscall(SYS_mmap, SCRATCHES_AT + index * size, size, PROT_READ | PROT_WRITE,
				  flags | MAP_FIXED_NOREPLACE, -1, 0);

	if (mapped < 0 && mapped > -(long)LIVE_PAGE)
		mapped = raw_syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (mapped < 0 && mapped > -(long)LIVE_PAGE)
		return NULL;
	((struct walks *)(uintptr_t)(mapped + SCRATCH_SIZE))->wanted = wanted;
	return (uint8_t *)(uintptr_t)mapped;
}

static uint8_t *scratch_of(const struct live_slot *slot)
{
	uint32_t index = stream_index(&image.view, slot);

	if (index == LIVE_NO_SLOT)
		return NULL;
	if (!scratches[index])
		scratches[index] = scratch_map(index, depth_wanted());
	if (!scratches[index])
		return NULL;
	struct walks *walks = (struct walks *)(scratches[index] + SCRATCH_SIZE);
	if (walks->process != image.pid) { /* new, or what a fork has copied while its thread was at it */
		walks_init(walks, walks->wanted);
		walks->process = image.pid;
		walks->slot = slot;
	}
	return scratches[index];
}

/*
 * What this thread's stacks are known by. After a fork, and where threads share their storage, that is another slot's:
 * one may be used by the thread only that has its slot.
 */
static struct walks *walks_of(const struct live_slot *slot)
{
	struct walks *walks = thread_origin.walks;

	if (__builtin_expect(walks && walks->slot == slot, 1))
		return walks;
	uint8_t *scratch = scratch_of(slot);
	return scratch ? thread_origin.walks = (struct walks *)(scratch + SCRATCH_SIZE) : NULL;
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

static int take_apart(const struct live_slot *slot, void **frames, int size)
{
	uint64_t all = ~0ull, before;
	int taken = 0;

	raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
	uint8_t *scratch = scratch_of(slot);
	if (scratch)
		taken = take_elsewhere(backtrace_take, frames, size, scratch + SCRATCH_SIZE);
	raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
	return taken;
}

/*
 * The same by libunwind, for stacks that have frames which only it understands: of signal handlers, of code made at run
 * time.
 */
static __attribute__((noinline)) uint64_t stack_unwound(struct live_slot *slot, unsigned wanted)
{
	void *frames[WALK_DEPTH_MAX + WALK_OWN_MAX];
	uint64_t hash = STACK_HASH;
	unsigned skip = 0;
	int saved = errno;

	int taken = frame_is_first((uint64_t)(uintptr_t)frames)
			    ? backtrace_take(frames, (int)(wanted + WALK_OWN_MAX))
			    : take_apart(slot, frames, (int)(wanted + WALK_OWN_MAX));
	errno = saved;
	while ((int)skip < taken && frame_is_ours(frames[skip]))
		skip++;
	unsigned depth = taken > (int)skip ? (unsigned)taken - skip : 0;
	if (depth > wanted)
		depth = wanted;
	if (depth == 0)
		return 0;
	for (unsigned i = 0; i < depth; i++)
		hash = stack_hash(hash, (uint64_t)(uintptr_t)frames[skip + i]);
	if (stack_is_new(slot, hash)) {
		if (modules_announce(slot))
			frame_forget();
		stack_write(slot, hash, (const uint64_t *)(frames + skip), NULL, depth);
	}
	return hash;
}

/*
 * Whether libraries have been loaded; they are announced then. Without rules that had to be read, none of their code is
 * in a stack: to ask the loader, and to keep signals away from it, took 440 of 694 ns
 * of a call with a new stack of 16 frames.
 */
static bool modules_are_new(struct live_slot *slot)
{
	static uint32_t asked;
	uint32_t news = __atomic_load_n(&frame_news, __ATOMIC_RELAXED);

	return __atomic_exchange_n(&asked, news, __ATOMIC_RELAXED) != news && modules_announce(slot);
}

/* This thread's stack, by its frames' rules; 0 where one of them has none. */
static inline uint64_t stack_walked(struct live_slot *slot, struct walks *walks, const struct walk_order *order)
{
	const struct walk *walk = walk_recognise(walks, order);

	for (int round = 0; walk || (walk = walk_go(walks, order)); round++) {
		if (__builtin_expect(!stack_is_new(slot, walk->hash), 1))
			return walk->hash;
		if (!modules_are_new(slot) || round > 0) {
			stack_write(slot, walk->hash, NULL, walk, walk->depth);
			return walk->hash;
		}
		/* libraries have been loaded, perhaps where others were when the rules were read */
		frame_forget();
		slot->stacks_seen[walk->hash % STACKS_SEEN] = 0;
		walk = NULL;
	}
	return 0;
}

uint64_t stack_take(struct live_slot *slot, uint64_t site)
{
	const uint64_t *frame = __builtin_frame_address(0);
	uint64_t here = (uint64_t)(uintptr_t)frame, hash = 0;

	/* libunwind asks the kernel what can be read; and a handler's call may have interrupted it */
	if (!backtrace_take || image.view.no_kernel || (slot->busy && !frame_was_left(thread_origin.taking, here)))
		return 0;
	thread_origin.taking = here;
	*(volatile uint32_t *)&slot->busy = BUSY_TAKING;
	struct walks *walks = walks_of(slot);
	if (walks) {
		const struct walk_order order = {
			.start = {frame[1], here + 16, frame[0]},
			.site = site,
			.own_from = (uint64_t)(uintptr_t)__ehdr_start,
			.own_size = (uint64_t)(etext - __ehdr_start),
			.limit = frame_is_first(here) ? thread_origin.stack_top + THREAD_ROOM : UINT64_MAX,
		};
		hash = stack_walked(slot, walks, &order);
	}
	if (!hash)
		hash = stack_unwound(slot, depth_wanted());
	*(volatile uint32_t *)&slot->busy = 0;
	return hash;
}
