// SPDX-License-Identifier: MIT
/*
 * This image of this process: its view of the live area, its identity, its threads' slots.
 *
 * image.c starts and ends tracing; thread.c and fork.c keep the slots right over threads and forks.
 */
#ifndef IPCTRACE_PRELOAD_IMAGE_H
#define IPCTRACE_PRELOAD_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "preload/capture.h"
#include "trace/stream.h"

/* Where ticks come from. */
enum ticks_source { TICKS_COUNTER, TICKS_KERNEL, TICKS_NONE /* asking is forbidden: the collector's last reading */ };

struct image {
	struct live_view view;
	int64_t errno_offset;		/* of a thread's errno from its thread pointer, in bytes */
	volatile uint32_t ticks_source; /* enum ticks_source */
	uint32_t payload_limit;		/* bytes of each payload that may be kept */
	uint32_t payload_whole;		/* a payload of no more is kept whole, and hashed while it is copied */
	uint32_t stack_depth;		/* of live_control; up to here each call wants to know */
	uint32_t pid;
	uint32_t parent;
	uint32_t uid;
	uint32_t number;     /* tells this image from an earlier one of the same pid */
	uint64_t ticks_last; /* with TICKS_NONE: the latest time that is known */
	/* Where libc keeps a thread's number, in bytes from the thread pointer: for when the kernel may not be asked.
	 */
	uint32_t tid_offset;
	/*
	 * Started under a seccomp filter: the kernel could not be told to wipe image_alive in children, which therefore
	 * must be told by whatever makes them.
	 */
	bool is_confined;
	uint64_t stack_size;   /* of a thread whose creator does not say otherwise */
	const char *live_path; /* NUL-terminated, "IPCTRACE_LIVE=" in front at live_variable */
	const char *library;   /* path of this library, as LD_PRELOAD named it */
	char *preload_list;    /* the value of LD_PRELOAD, where the kernel has put it */
	char live_variable[4096];
};

extern struct image image;

/* This thread's slot, or NULL when it has none yet. */
extern __thread struct live_slot *thread_slot __attribute__((tls_model("initial-exec")));

/* What is known of a thread beside its slot. With thread_slot this is all of our thread-local storage. */
struct thread_origin {
	uint64_t stack_low, stack_top; /* of the stack that it began on; 0 when not known */
	uint32_t creator, ordinal;     /* as in its slot, for when it needs another one after its end */
	uint64_t taking;	       /* the frame that is taking a stack, while slot->busy says so */
	struct walks *walks;	       /* what its stacks are known by; another thread's where that is in it */
};

extern __thread struct thread_origin thread_origin __attribute__((tls_model("initial-exec")));

/* Whether `frame` is on the stack that this thread began on. */
static inline bool frame_is_first(uint64_t frame)
{
	return frame > thread_origin.stack_low && frame < thread_origin.stack_top;
}

/*
 * A page of its own, which is all zero in a forked child until the child has been given an identity of its own
 * (MADV_WIPEONFORK). What the short way of a call asks for stands together here: our code and data are mostly out of
 * the caches when the kernel comes back, and each line more that a call touches makes it slower.
 */
extern struct image_life {
	volatile uint8_t state;	 /* 0 in such a child, otherwise one of these: */
	volatile uint32_t quick; /* 0: no call may go the short way; another number after each change */
	uint32_t payload_whole;	 /* as in struct image */
	uint32_t ring_size;	 /* of image.view */
	uint8_t rest[LIVE_PAGE - 16];
} image_life;

enum {
	IMAGE_ALIVE = 1,
	IMAGE_SHARED, /* clone() made a child with our thread-local storage: whose slot it is, is asked at each call */
};

/*
 * In a new process that shares this image: whether it is in another namespace. The first process of a namespace, and
 * one that was put into it, has a parent that cannot be seen from there.
 */
bool child_is_foreign(void);

/* This thread's errno, without a call of libc's function for it. */
static inline int image_errno(void)
{
	return *(const int *)((const char *)__builtin_thread_pointer() + image.errno_offset);
}

/* Which slot is this thread's, once clone() has made a child with our thread-local storage, which does not say. */
struct live_slot *slot_shared(void);

/* Slow path of slot_mine(): claims a slot, after a fork makes the child a process of its own. */
struct live_slot *slot_claim(void);

/* The slot to write into, or NULL when there is none (the event is then counted as lost). */
static inline struct live_slot *slot_mine(void)
{
	struct live_slot *slot = thread_slot;

	if (__builtin_expect(slot != NULL && image_life.state == IMAGE_ALIVE, 1))
		return slot;
	return slot_claim();
}

/* To be called when anything has changed that the short way of a call depends on. */
void image_quicken(void);

/* Announces a thread in the stream it writes; `start` is its routine, 0 when not known. */
void thread_announce(struct live_slot *slot, uint64_t start);

/* Announces the image or the forked child, with what identifies it. */
void process_announce(struct live_slot *slot, enum process_origin origin, char **argv);

/* Announces the libraries again when some have been loaded since; whether there were some. */
bool modules_announce(struct live_slot *slot);

/* Called in a forked child, by whatever wrapper or hook sees it first: gives it an identity. */
void fork_child(void);

/* The same where it is known that this may be a child; the parent is not harmed by it. */
void fork_returned(void);

/* Makes the table by which syscall() finds the call it stands for. */
void syscall_prepare(void);

/* The value of `name` in an environment, or NULL. */
const char *image_variable(char **envp, const char *name);

/* This thread's number. */
uint32_t tid_now(void);

/* ticks_now() where it is not the counter. */
uint64_t ticks_otherwise(void);

/* The tracer's clock, in ticks: the processor's counter where it is invariant, else nanoseconds of CLOCK_MONOTONIC. */
static inline uint64_t ticks_now(void)
{
	if (__builtin_expect(image.ticks_source == TICKS_COUNTER, 1))
		return __builtin_ia32_rdtsc();
	return ticks_otherwise();
}

/* Finds what stack.c hooks to load libunwind in time; always to be called, since the hook is always exported. */
void stack_hook(void);

/* From here on only time that is known already is told. */
void ticks_forbid(void);

/* Opens libunwind when stacks are wanted. */
void stack_prepare(void);

/* Values of slot->busy, when libunwind may be calling: nothing else can be while it is loaded. */
enum { BUSY_TAKING = 1, BUSY_LOADING };

/* Whether `fd` is where libunwind writes what it wants to know to be readable, and what it is to be answered. */
bool stack_is_probe(int64_t fd);
ssize_t stack_probe(uint64_t address);

/* Whether a call that returns to `site` is libunwind's. */
bool stack_is_caller(const void *site);

/*
 * Takes this thread's call stack, skipping the tracer's own frames, and returns its hash; writes the frames once a
 * thread. 0 when there is none. `site` is where the traced call returns to.
 */
uint64_t stack_take(struct live_slot *slot, uint64_t site);

#endif
