// SPDX-License-Identifier: MIT
/*
 * Starting to trace an image of a program: find the live area, map it, say who we are.
 *
 * Runs as the first constructor of all (-z initfirst): libc is not initialised, so there is no getenv, no stdio and no
 * malloc here; the environment comes with the constructor's arguments and is not looked at again.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "originals.h"
#include "preload/bare.h"
#include "preload/capture.h"
#include "preload/image.h"
#include "preload/payload.h"
#include "preload/seccomp.h"
#include "preload/standing.h"
#include "preload/traits.h"
#include "trace/raw.h"

_Alignas(LIVE_PAGE) struct live_control live_control;
struct image image;
static struct live_chunks chunks;
__thread struct live_slot *thread_slot;
__thread struct thread_origin thread_origin;

_Alignas(LIVE_PAGE) struct image_life image_life;

_Static_assert(sizeof(struct image_life) == LIVE_PAGE, "what the kernel wipes is all of it, and nothing else");

void image_quicken(void)
{
	static uint32_t count;
	bool is_plain = image_life.state == IMAGE_ALIVE && image.ticks_source == TICKS_COUNTER && !image.stack_depth;

	image_life.payload_whole = image.payload_whole;
	image_life.ring_size = image.view.ring_size;
	__atomic_store_n(&image_life.quick, is_plain ? ++count : 0, __ATOMIC_RELEASE);
}

uint64_t ticks_otherwise(void)
{
	struct timespec now;

	if (image.ticks_source == TICKS_KERNEL) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	}
	uint64_t drained = __atomic_load_n(&live_control.anchors[1][0], __ATOMIC_RELAXED);
	if (image.ticks_last < drained)
		image.ticks_last = drained;
	return __atomic_add_fetch(&image.ticks_last, 1, __ATOMIC_RELAXED);
}

static inline uint32_t tid_of_libc(uint32_t offset)
{
	return *(volatile uint32_t *)((char *)__builtin_thread_pointer() + offset);
}

uint32_t tid_now(void)
{
	if (image.view.no_kernel && image.tid_offset)
		return tid_of_libc(image.tid_offset);
	return (uint32_t)raw_syscall(SYS_gettid);
}

/* libc's descriptor of a thread begins at the thread pointer; its number is the only word there that has its value. */
static uint32_t tid_offset_find(uint32_t tid)
{
	enum { FROM = 64, TO = 2048 };
	uint32_t found = 0;

	for (uint32_t offset = FROM; offset < TO; offset += sizeof(tid)) {
		if (tid_of_libc(offset) != tid)
			continue;
		if (found)
			return 0;
		found = offset;
	}
	return found;
}

void ticks_forbid(void)
{
	image.ticks_last = ticks_now();
	image.ticks_source = TICKS_NONE;
	image_quicken();
}

const char *image_variable(char **envp, const char *name)
{
	for (; *envp; envp++) {
		const char *entry = *envp, *letter = name;
		while (*letter && *entry == *letter)
			entry++, letter++;
		if (!*letter && *entry == '=')
			return entry + 1;
	}
	return NULL;
}

static bool control_fits(const struct live_control *control, uint64_t size)
{
	return control->magic == LIVE_MAGIC && control->version == LIVE_VERSION &&
	       control->calls_count == catalogue_builtin.calls_count &&
	       control->catalogue_hash == live_catalogue_hash(&catalogue_builtin) && control->ring_size >= LIVE_PAGE &&
	       (control->ring_size & (control->ring_size - 1)) == 0 && control->slots_count <= LIVE_SLOTS_MAX &&
	       live_slot_offset(control->ring_size, control->slots_count) <= size;
}

/* What could not be mapped later, when the kernel may not be asked. */
static void chunks_map_ahead(int fd, const struct live_control *control)
{
	uint64_t size = chunk_size(control->ring_size);

	for (uint32_t i = 1; i < SLOTS_AHEAD / CHUNK_SLOTS && i < control->slots_count / CHUNK_SLOTS; i++) {
		long chunk = raw_syscall(SYS_mmap, NULL, size + LIVE_PAGE, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_NORESERVE, fd, LIVE_PAGE + i * size);
		if (chunk > 0 || chunk <= -(long)LIVE_PAGE)
			chunks.at[i] = (uint8_t *)(uintptr_t)chunk;
	}
}

/* Maps the open live area; the control page goes over our own. 0, or a negative error number. */
static long live_map(int fd)
{
	struct live_control control;
	struct stat status;

	if (raw_syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) != 0 ||
	    raw_syscall(SYS_pread64, fd, &control, sizeof(control), 0) != (long)sizeof(control) ||
	    !control_fits(&control, (uint64_t)status.st_size))
		return -1;
	uint64_t size = chunk_size(control.ring_size) + LIVE_PAGE;
	long area =
		raw_syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, LIVE_PAGE);
	if (area < 0 && area > -(long)LIVE_PAGE)
		return -1;
	if (image.is_confined) {
		chunks_map_ahead(fd, &control);
	} else {
		raw_syscall(SYS_madvise, area, size, MADV_DONTDUMP);
		/* without it the first touch reads ahead into the sparse file: 3 ms instead of 13 us on ext4 */
		raw_syscall(SYS_madvise, area, size, MADV_RANDOM);
	}
	long page =
		raw_syscall(SYS_mmap, &live_control, LIVE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	if (page != (long)(uintptr_t)&live_control) {
		raw_syscall(SYS_munmap, area, size);
		return -1;
	}
	chunks.at[0] = (uint8_t *)(uintptr_t)area;
	image.view = (struct live_view){.control = &live_control,
					.slots = chunks.at[0],
					.chunks = &chunks,
					.slots_count = control.slots_count,
					.ring_size = control.ring_size,
					.no_kernel = image.is_confined};
	return 0;
}

/* Opens the live area by the path in the environment; the descriptor is closed before the program can see it. */
static bool live_open(const char *path)
{
	long fd = raw_syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return false;
	long mapped = live_map((int)fd);
	raw_syscall(SYS_close, fd);
	return mapped == 0;
}

static uint64_t text_copy(char *to, const char *from, uint64_t limit)
{
	uint64_t length = 0;

	for (; from[length] && length + 1 < limit; length++)
		to[length] = from[length];
	to[length] = 0;
	return length;
}

static void live_remember(const char *path)
{
	uint64_t head = text_copy(image.live_variable, "IPCTRACE_LIVE=", sizeof(image.live_variable));

	text_copy(image.live_variable + head, path, sizeof(image.live_variable) - head);
	image.live_path = image.live_variable + head;
}

/* In LD_PRELOAD's list, the entry that is us; kept as written, so that `$LIB` and the like survive. */
static void library_remember(const char *list)
{
	static char path[4096];
	static const char name[] = "libipctrace-preload.so";

	for (const char *start = list; start && *start;) {
		const char *end = start;
		while (*end && *end != ':' && *end != ' ')
			end++;
		uint64_t length = (uint64_t)(end - start);
		if (length + 1 < sizeof(path) && length >= sizeof(name) - 1 &&
		    __builtin_memcmp(end - (sizeof(name) - 1), name, sizeof(name) - 1) == 0) {
			bytes_copy(path, start, length);
			path[length] = 0;
			image.library = path;
			return;
		}
		start = *end ? end + 1 : NULL;
	}
}

/*
 * Numbers of processes and threads mean nothing outside their namespace: the collector would take us for others, and
 * our slots for theirs. So what runs in another one is not recorded; its calls are counted as lost.
 */
static bool image_is_foreign(void)
{
	struct stat status;

	return live_control.pid_namespace &&
	       raw_syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &status, 0) == 0 &&
	       status.st_ino != live_control.pid_namespace;
}

bool child_is_foreign(void)
{
	return !image.view.no_kernel && raw_syscall(SYS_getppid) == 0;
}

/*
 * A signal handler may come at any point and do all of this itself: then what it has put into place stays.
 */
void fork_child(void)
{
	if (image_life.state)
		return;
	thread_slot = NULL;
	uint32_t pid = image.view.no_kernel ? tid_now() : (uint32_t)raw_syscall(SYS_getpid);
	if (pid != image.pid) {
		image.parent = image.pid;
		image.pid = pid;
		image.number = (uint32_t)ticks_now();
	}
	image_life.state = IMAGE_ALIVE;
	image_quicken();
	if (child_is_foreign())
		image.view.slots = NULL;
	struct live_slot *slot =
		image.view.slots ? stream_claim(&image.view, image.pid, image.pid, image.number) : NULL;
	if (!slot)
		return;
	process_announce(slot, PROCESS_FORK, NULL);
	if (thread_slot) {
		stream_return(&image.view, slot);
		return;
	}
	thread_slot = slot;
	thread_announce(slot, 0);
}

void fork_returned(void)
{
	/* whose process this is, the kernel tells libc at the fork */
	if (image.is_confined && tid_now() != image.pid)
		image_life.state = image_life.quick = 0;
	fork_child();
}

struct live_slot *slot_claim(void)
{
	fork_child();
	if (image_life.state == IMAGE_SHARED && !image.view.no_kernel && image.view.slots)
		return slot_shared();
	if (thread_slot || !image.view.slots)
		return thread_slot;
	struct live_slot *slot = stream_claim(&image.view, image.pid, tid_now(), image.number);
	if (!slot)
		return NULL;
	if (thread_slot) { /* a signal handler was faster */
		stream_return(&image.view, slot);
		return thread_slot;
	}
	slot->creator = thread_origin.creator;
	slot->ordinal = thread_origin.ordinal;
	thread_slot = slot;
	thread_announce(slot, 0);
	return slot;
}

/* daemon() and the like fork inside libc: the collector must not leave before the child has said that it is there. */
static void atfork_prepare(void)
{
	if (image.view.slots)
		__atomic_fetch_add(&live_control.forks_begun, 1, __ATOMIC_RELAXED);
}

static void atfork_child(void)
{
	if (!image.view.slots)
		return;
	fork_returned();
	__atomic_fetch_add(&live_control.forks_arrived, 1, __ATOMIC_RELEASE);
}

extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);
extern void *__dso_handle;

/* The first thread's stack has so much room to itself below the environment; nothing else is mapped there. */
#define FIRST_STACK_MAX (64ull << 20)

/* As libc has it; never too large. */
static uint64_t stack_size_default(void)
{
	const uint64_t most = 2 << 20;
	struct rlimit limit;

	if (raw_syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &limit) != 0 || limit.rlim_cur > most)
		return most;
	return limit.rlim_cur;
}

static void image_identify(const struct standing *standing)
{
	image.pid = image.is_confined ? standing->pid : (uint32_t)raw_syscall(SYS_getpid);
	image.parent = image.is_confined ? standing->parent : (uint32_t)raw_syscall(SYS_getppid);
	image.uid = standing->uid;
	image.tid_offset = tid_offset_find(image.pid); /* the first thread has its process's number */
}

static void image_begin(char **argv, char **envp)
{
	image.ticks_source = live_control.clock_is_tsc ? TICKS_COUNTER : TICKS_KERNEL;
	image.number = (uint32_t)ticks_now();
	image.errno_offset = (const char *)&errno - (const char *)__builtin_thread_pointer();
	image.stack_size = stack_size_default();
	thread_origin.stack_top = (uint64_t)(uintptr_t)envp;
	thread_origin.stack_low = thread_origin.stack_top - FIRST_STACK_MAX;
	image_life.state = IMAGE_ALIVE;
	if (!image.is_confined)
		raw_syscall(SYS_madvise, &image_life, LIVE_PAGE, 18 /* MADV_WIPEONFORK */);
	__register_atfork(atfork_prepare, NULL, atfork_child, __dso_handle);
	if (image_is_foreign() || (image.is_confined && !image.tid_offset)) {
		image.view.slots = NULL;
		return;
	}
	struct live_slot *slot = stream_claim(&image.view, image.pid, image.pid, image.number);
	if (!slot)
		return;
	process_announce(slot, live_control.processes_begun ? PROCESS_EXEC : PROCESS_ROOT, argv);
	thread_announce(slot, 0);
	thread_slot = slot;
	image_quicken();
}

__attribute__((constructor)) static void image_start(int argc, char **argv, char **envp)
{
	const char *live = image_variable(envp, "IPCTRACE_LIVE");
	struct standing standing;
	char path[4096];

	/* A program that runs with more rights than its caller takes no orders from the caller's environment. */
	stack_hook();
	if (getauxval(AT_SECURE))
		return;
	originals_resolve();
	image.preload_list = (char *)(uintptr_t)image_variable(envp, "LD_PRELOAD");
	library_remember(image.preload_list);
	standing_read(&standing);
	image.is_confined = standing.is_confined;
	if (!live && !image.is_confined && bare_start(envp, path, sizeof(path)))
		live = path;
	if (!live || live[0] != '/')
		return;
	traits_prepare();
	live_remember(live);
	if (!live_open(live))
		return;
	syscall_prepare();
	image.stack_depth = live_control.stack_depth;
	traits_settle();
	payload_prepare();
	image_identify(&standing);
	image_begin(argv, envp);
}
