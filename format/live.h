// SPDX-License-Identifier: MIT
/*
 * The live area: one sparse file beside the log, mapped by every traced process and by the collector.
 *
 *   page 0          struct live_control   settings, switches, free list, health of the collector
 *   page 1..        struct live_slot + ring, LIVE_SLOTS_MAX times, each LIVE_SLOT_SIZE(ring) bytes
 *
 * A slot is a ring of raw records with one writer (a thread, and the signal handlers that interrupt it) and one reader
 * (the collector). Positions are byte counts that never wrap; `position & (ring_size - 1)` is the place in memory.
 * The collector believes nothing it reads here: whoever maps the area may scribble over it.
 *
 * This header is bytes only: claiming, waiting and policies are in trace/.
 */
#ifndef IPCTRACE_FORMAT_LIVE_H
#define IPCTRACE_FORMAT_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "format/control.h"
#include "format/record.h"

#define LIVE_MAGIC	0x3176694c74706349ull /* "IcptLiv1" */
#define LIVE_VERSION	2
#define LIVE_PAGE	4096u
#define LIVE_SLOTS_MAX	4096u
#define LIVE_EVENTS_MAX 1024u /* calls a catalogue can have */
#define LIVE_NO_SLOT	0xffffffffu

enum full_policy { FULL_WAIT, FULL_DROP, FULL_OVERWRITE };

/* What of a payload does not leave the traced program; its length always does. */
enum redaction { REDACT_NOTHING, REDACT_HASH, REDACT_BYTES, REDACT_BOTH };

enum collector_state { COLLECTOR_ABSENT, COLLECTOR_RUNNING, COLLECTOR_FINISHED };

/* Whether the collector sleeps, and how soundly. One that dozes looks again by itself before a ring is full. */
enum collector_sleep { COLLECTOR_AWAKE, COLLECTOR_ASLEEP, COLLECTOR_DOZES };

/*
 * The control page. Written by the collector except where noted.
 * `enabled` is what a wrapper looks at: one byte a call, 0 = pass straight through.
 */
struct live_control {
	uint64_t magic;
	uint32_t version;
	uint32_t calls_count; /* of the catalogue; a library of another build refuses the area */
	uint64_t catalogue_hash;
	uint64_t file_size;
	uint32_t ring_size; /* bytes, a power of two */
	uint32_t slots_count;
	uint32_t payload_limit;	  /* bytes of each payload to keep */
	uint32_t stack_depth;	  /* frames to record with each call, 0 = none */
	uint32_t full_policy;	  /* enum full_policy */
	uint32_t clock_is_tsc;	  /* 0: ticks are CLOCK_MONOTONIC nanoseconds */
	uint32_t collector_state; /* enum collector_state */
	uint32_t collector_pid;
	uint32_t collector_sleep;   /* futex, enum collector_sleep; a writer sets COLLECTOR_AWAKE and wakes it */
	uint32_t drained;	    /* futex: counts the collector's passes; waiters for room sleep on it */
	uint32_t slots_used;	    /* highest slot ever claimed + 1 (raised by claimers) */
	uint32_t ask_semval;	    /* 1: ask for a semaphore's value after each semop (AIX hook 3D2) */
	uint32_t redaction;	    /* enum redaction */
	uint32_t slots_ready;	    /* slots whose disk blocks are allocated */
	uint64_t slot_returned;	    /* index of the slot given back last, whose pages are warm: looked at first */
	uint64_t lost_without_slot; /* events dropped because no slot was to be had (counted by claimers) */
	uint64_t processes_begun;   /* counted by claimers */
	uint64_t threads_begun;
	uint64_t forks_begun;	/* by libc's fork, whoever called it (counted by the parent, before) */
	uint64_t forks_arrived; /* of these, children that have claimed a slot: until then they are not known otherwise
				 */
	uint64_t pid_namespace; /* inode of the collector's, 0 when not known: pids of others mean nothing to it */
	uint64_t frames_begun;	/* of the log; more in it: the log is younger than this state of the area */
	/*
	 * Robust, and held by the collector for life. Its first 32 bits are a futex word with the collector's tid, in
	 * which the kernel sets FUTEX_OWNER_DIED when the collector dies, however it dies: one load tells. The list
	 * that the kernel walks then is in the collector's own memory, not here where programs could bend it.
	 */
	_Alignas(64) uint64_t collector_mutex[8];
	/* Ticks, CLOCK_MONOTONIC and CLOCK_REALTIME in ns, read together: at the start, and at the latest frame. */
	_Alignas(64) uint64_t anchors[2][3];
	uint32_t slots_denied;	/* 1 while no more slots can be made ready: there are enough, or the disk is full */
	uint64_t stacks_missed; /* calls without a stack, as another thread did not come out of the unwinder (counted by
				   them) */
	uint32_t is_shallow;	/* 1: libraries are loaded without RTLD_DEEPBIND */
	uint32_t deep_loads;	/* how often that was asked for and granted: what such libraries call is not seen */
	_Alignas(1024) uint8_t enabled[LIVE_EVENTS_MAX];
	/* A bit for each slot that is likely to be free. Only a hint, which may be wrong: owners decide. */
	uint64_t slots_free[LIVE_SLOTS_MAX / 64];
	struct control_box box; /* written by `ipctrace ctl` as well */
	uint8_t reserved[LIVE_PAGE - 2 * LIVE_EVENTS_MAX - LIVE_SLOTS_MAX / 8 - sizeof(struct control_box)];
};

_Static_assert(sizeof(struct live_control) == LIVE_PAGE, "the control page is one page");

/* Calls nested by signal handlers that can be in flight in one thread. */
#define LIVE_IN_FLIGHT_MAX 6

/* A call in flight that has returned already: what is not found recorded is unfinished. */
#define LIVE_RETURNED 0x80000000u

/* A call that has begun: what a kill or a hang leaves behind. */
struct live_in_flight {
	uint64_t frame; /* stack address of the wrapper, to recognise calls that were jumped out of */
	uint64_t enter;
	union {
		struct {
			uint32_t type; /* RECORD_CALL + call. With LIVE_RETURNED while its record is being written */
			uint32_t argc;
		};
		uint64_t type_and_argc; /* stored last */
	};
	uint64_t site;
	uint64_t args[CALL_ARGS_MAX];
};

/* How far the records of a slot have been taken. */
struct live_cursor {
	uint64_t position;   /* taken up to here; a position in the ring's endless count */
	uint64_t sequence;   /* number of the next event of the stream (pid, tid) */
	uint64_t lost;	     /* events of the stream lost so far */
	uint64_t unreported; /* of these, in no object of the log yet */
	uint64_t slot_lost;  /* how much of slot->lost has been counted */
	uint64_t slot_made;  /* events of this slot taken or counted as lost */
	uint32_t pid, tid;   /* whose records stand at `position`; 0 when not known */
};

/*
 * What the collector says about a slot before it writes a frame. A frame counts only when it is in the log, so that
 * whoever reads log and live area together after a crash finds each event once. Two are kept: that of the frame being
 * written, and that of the one before.
 */
struct live_taken {
	uint64_t frames; /* number of the frame that has everything before `cursor`, plus one; 0: nothing was taken */
	struct live_cursor cursor;
};

/* One page before each ring. Three groups, on cache lines of their own: the writer's, the reader's, the owner's. */
struct live_slot {
	/* the writer's */
	_Alignas(64) uint64_t reserved; /* position after the last reservation */
	uint64_t head;			/* position up to which records are published */
	uint64_t limit;			/* writer's idea of where it must look at `tail` again */
	uint64_t made;			/* events written or lost by this slot's writers, ever */
	uint64_t lost;			/* of these, lost */
	uint32_t in_flight_depth;
	uint32_t created;     /* threads and processes the present owner has created */
	uint64_t vfork_enter; /* ticks at which a vfork began that has not been seen to return, 0 when none */
	uint32_t busy;	      /* the tracer itself is calling: what libunwind calls is not the program's */
	/* the reader's */
	_Alignas(64) uint64_t tail; /* position up to which records are in the log, and may be written over */
	_Alignas(64) struct live_taken taken[2];
	/* the owner's, changed at claim and return */
	_Alignas(64) uint64_t owner; /* live_owner(); 0: free. To claim a slot is to be the one who changes it from 0 */
	uint32_t pid, tid;	     /* whose records stand last in the ring: the owner, or the one before */
	uint32_t vfork_child;	     /* pid of the vfork child that borrows this slot, 0 when none is known */
	uint64_t vfork_site;
	uint64_t start, argument;  /* what a thread made by the slot's claimer is to run */
	uint32_t creator, ordinal; /* which thread claimed it for the one to come, and as its how-manieth */
	uint32_t image;		   /* tells the owner's image from others that its pid had; 0: not known yet */
	_Alignas(64) struct live_in_flight in_flight[LIVE_IN_FLIGHT_MAX + 1]; /* the last is for those too deep */
	/* hashes of the stacks this thread has already written out; direct mapped */
	_Alignas(64) uint64_t stacks_seen[128];
};

_Static_assert(sizeof(struct live_slot) <= LIVE_PAGE, "a slot's head is at most one page");

/* Tells builds with other calls apart: FNV-1a over the names of the calls and what is captured of them. */
static inline uint64_t live_catalogue_hash(const struct catalogue *catalogue)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (unsigned i = 0; i < catalogue->calls_count; i++) {
		const struct call_spec *call = &catalogue->calls[i];
		for (const char *c = call->name; *c; c++)
			hash = (hash ^ (uint8_t)*c) * 0x100000001b3ull;
		hash = (hash ^ (call->argc | call->captured << 8)) * 0x100000001b3ull;
	}
	return hash;
}

/* The word that claims a slot. `tid` is 0 for a thread that does not run yet. */
static inline uint64_t live_owner(uint32_t pid, uint32_t tid)
{
	return (uint64_t)tid << 32 | pid;
}

static inline uint64_t live_slot_owner(const struct live_slot *slot)
{
	return __atomic_load_n(&slot->owner, __ATOMIC_ACQUIRE);
}

/* Says that slot `index` is likely to be free, or is not. */
static inline void live_slot_list(struct live_control *control, uint32_t index)
{
	__atomic_fetch_or(&control->slots_free[index / 64], 1ull << index % 64, __ATOMIC_RELEASE);
}

static inline void live_slot_unlist(struct live_control *control, uint32_t index)
{
	__atomic_fetch_and(&control->slots_free[index / 64], ~(1ull << index % 64), __ATOMIC_RELAXED);
}

static inline bool live_slot_is_listed(const struct live_control *control, uint32_t index)
{
	return __atomic_load_n(&control->slots_free[index / 64], __ATOMIC_ACQUIRE) >> index % 64 & 1;
}

static inline uint64_t live_slot_size(uint32_t ring_size)
{
	return (uint64_t)LIVE_PAGE + ring_size;
}

static inline uint64_t live_slot_offset(uint32_t ring_size, uint32_t index)
{
	return LIVE_PAGE + index * live_slot_size(ring_size);
}

#endif
