// SPDX-License-Identifier: MIT
/*
 * A trace compiled for running it again: the score. It says for every thread which calls to make in which order, what
 * each has to wait for, and what it should come to. replay/compose.c writes it, replay/player.c performs it.
 *
 * One block of memory, shared by all processes of a replay, with offsets instead of pointers. First what never changes,
 * then what the players write. No behaviour beyond finding things.
 */
#ifndef IPCTRACE_REPLAY_SCORE_H
#define IPCTRACE_REPLAY_SCORE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCORE_MAGIC 0x69706365u
#define SCORE_NONE  UINT32_MAX

enum act_how {
	ACT_MAKE,    /* the call is made */
	ACT_FILL,    /* nothing is done */
	ACT_FORK,    /* `what` is the process that begins */
	ACT_THREAD,  /* `what` is the part that begins */
	ACT_JOIN,    /* `what` is the part whose end is waited for */
	ACT_EXEC,    /* descriptors marked so are closed */
	ACT_EXIT,    /* the process ends with `result` */
	ACT_STANDIN, /* `what` is the slot that a stand-in gets */
	ACT_SWEEP,   /* the slots that the template stores are closed */
	ACT_PARK,    /* it never returned: stay until the process ends */
};

enum act_flag {
	ACT_STREAM = 1,	     /* receives from a stream: go on until as much is there as was recorded */
	ACT_RETRY = 2,	     /* it found something: "not yet" is tried again */
	ACT_READY = 4,	     /* waits for readiness: any number above 0 is as good */
	ACT_GROW = 8,	     /* maps a descriptor, or moves bytes out of one: it must be as long */
	ACT_WAITED = 16,     /* its time measured a peer */
	ACT_SENDS = 32,	     /* what it wrote to a stand-in is thrown away */
	ACT_CHOSEN = 64,     /* the result is a number that the kernel chose */
	ACT_CLOSES = 128,    /* `what` is the slot that it closes */
	ACT_FILE = 256,	     /* what stands in is a file */
	ACT_BINDS = 512,     /* its socket may have got a port */
	ACT_ARGUMENT = 1024, /* the thread that begins is given something */
	ACT_CLOEXEC = 2048,  /* what stands in is closed by an exec */
};

/* Why a call is not made. Index into fill_reasons[]. */
enum fill_reason {
	FILL_NOT,	  /* it is */
	FILL_NEVER,	  /* its row in the catalogue says so */
	FILL_BAD_ADDRESS, /* it was given a bad address */
	FILL_INTERRUPTED, /* a signal ended it */
	FILL_CANCELLED,	  /* its thread was cancelled in it, or jumped out of it */
	FILL_UNKNOWN,	  /* what it worked on was not recorded */
	FILL_FOREIGN,	  /* on a descriptor that is only played */
	FILL_NO_SENDER,	  /* what it received, nobody was recorded to have sent */
	FILL_VERSION,	  /* this build has no such call, or another one of this name */
	FILL_NETWORK,	  /* an error that only the network itself can make */
	FILL_NO_CHILD,	  /* it found that no child had ended, which is a matter of luck */
	FILL_LARGE,	  /* its buffers take more than a replay has */
	FILL_COUNT
};

extern const char *const fill_reasons[FILL_COUNT];

struct score_act {
	uint64_t enter, end; /* ns since the first */
	int64_t result;
	uint32_t template;     /* offset in the pool, or SCORE_NONE */
	uint32_t edges, feeds; /* the first */
	uint16_t edges_count, feeds_count;
	uint32_t what; /* see enum act_how */
	uint16_t call; /* in catalogue_builtin */
	uint16_t error;
	uint16_t flags; /* enum act_flag */
	uint8_t how;	/* enum act_how */
	uint8_t reason; /* enum fill_reason */
	uint32_t order; /* which event of the trace it was, in order of time */
};

/* Before an act: the first `count` acts of `part` must be over. */
struct score_edge {
	uint32_t part, count;
};

enum feed_op {
	FEED_DATA,     /* the other end sends `size` bytes */
	FEED_END,      /* the other end sends no more */
	FEED_RESET,    /* the other end goes away */
	FEED_SERVE,    /* there is somebody to connect to at the address in the pool, who accepts */
	FEED_VISIT,    /* somebody connects to the listener in `slot` */
	FEED_DATAGRAM, /* somebody is bound to the address in the pool */
	FEED_KEEP,     /* after the act: the descriptor in `slot` stays open for the other end */
};

/* What an end that was not recorded does just before an act. */
struct score_feed {
	uint32_t object;     /* whose other end */
	uint32_t slot;	     /* the descriptor in the program */
	uint32_t data, size; /* in the pool */
	uint32_t total;	     /* bytes to send; filler behind `size` */
	uint8_t op;	     /* enum feed_op */
	uint16_t family, type;
};

enum reloc_kind {
	RELOC_SCRATCH, /* address of the scratch memory + addend */
	RELOC_POOL,    /* address of the pool + addend */
	RELOC_FD,      /* the live descriptor of slot `what` */
	RELOC_FDBIT,   /* ... as a bit of the set at `at` */
	RELOC_NFDS,    /* one more than the highest of these */
	RELOC_ID,      /* the live System V id of object `what` */
	RELOC_ADDRESS, /* where mapping `what` lies + addend */
	RELOC_SEM,     /* a semaphore of the replay's own, of object `what` */
	RELOC_PID,     /* of process `what` */
	RELOC_THREAD,  /* of part `what` */
	RELOC_PORT,    /* the live port of object `what`, in network order */
	RELOC_TIME,    /* a struct timespec: a time of day */
};

#define RELOC_WORD 0x80000000u /* `at`: the argument of this number, else an offset in the scratch memory */

struct score_reloc {
	uint32_t at;
	uint16_t kind;
	uint16_t width;
	uint32_t what;
	uint64_t addend;
};

/* Payload that must arrive. */
struct score_check {
	uint32_t at, size, hash;
	uint32_t object; /* nothing is checked when its `is_cut` is set */
};

enum store_kind { STORE_FD, STORE_ID, STORE_ADDRESS };

#define STORE_RESULT UINT32_MAX

/* A number to be remembered after the call: at an offset of the scratch memory, or the result. */
struct score_store {
	uint32_t at, kind, what;
};

/*
 * How to make a call: the words, then relocs, checks, stores, then `data_size` bytes which the scratch memory begins
 * with.
 */
struct score_template {
	uint32_t argc, relocs, checks, stores;
	uint32_t data_size, scratch_size;
	uint64_t words[];
};

struct score_standin {
	uint32_t slot, object;
	bool is_file;
};

struct score_process {
	uint32_t parent, main; /* part */
	uint32_t pid;	       /* recorded */
	int32_t status;	       /* as wait() told, or -1 */
	uint32_t standins, standins_count;
	bool is_orphan; /* who made it was not recorded */
	uint64_t begin;
	uint32_t exit_part, exit_act; /* the exit() that ended it, or SCORE_NONE */
	uint32_t forked;	      /* acts that had been composed when it was */
};

/* So many places where threads begin are told apart. */
#define PART_STARTS 8

struct score_part {
	uint32_t process, tid; /* recorded */
	uint32_t acts, acts_count;
	uint32_t ends; /* so many acts come to an end */
	uint32_t scratch_size;
	uint8_t start; /* threads that began at the same place have the same, below PART_STARTS */
	bool is_begun; /* by an act, or as the first of a process */
};

struct score_object {
	uint32_t feeder; /* the only process that plays its other end, or SCORE_NONE */
	bool is_cut;	 /* not all payload sent through it was kept */
	bool is_standin;
	uint8_t type; /* enum object_type */
};

/* ---- what players write --------------------------------------------------------------------------------------- */

enum player_state {
	PLAYER_NOT_BEGUN,
	PLAYER_READY,
	PLAYER_PACED,
	PLAYER_WAITS,
	PLAYER_CALLS,
	PLAYER_PARKED,
	PLAYER_OVER
};

/* One a part, on cache lines of its own. */
struct score_progress {
	_Alignas(64) _Atomic uint32_t done; /* acts that are over; a futex */
	_Atomic uint32_t waiters;
	_Atomic uint32_t state;	     /* enum player_state */
	_Atomic uint32_t edge;	     /* PLAYER_WAITS: for which */
	_Atomic uint64_t since, due; /* CLOCK_MONOTONIC ns; `due` of PLAYER_PACED */
	_Atomic int32_t tid;
};

enum mark_state {
	MARK_NONE,
	MARK_SAME,
	MARK_FILLED,
	MARK_OUTCOME, /* it came to something else */
	MARK_SIZE,    /* to another size */
	MARK_PAYLOAD, /* other bytes */
};

/* One an act. */
struct score_mark {
	uint64_t begin, end; /* ns since the replay began */
	int64_t result;
	uint32_t late;	/* us after it was due */
	uint32_t calls; /* so many were made for it: "not yet" is tried again, the rest of a stream is fetched */
	uint16_t error;
	uint8_t state; /* enum mark_state */
};

struct score {
	uint32_t magic;
	uint32_t calls_count; /* of the catalogue it was made with */
	uint64_t size;
	uint64_t realtime; /* of the first act, ns since the epoch */
	uint64_t span;	   /* ns from the first act to the end of the last */
	uint32_t processes_count, parts_count, acts_count, edges_count, feeds_count, slots_count, objects_count,
		standins_count, mappings_count;
	uint64_t processes, parts, acts, edges, feeds, standins, objects, slots, pool, pool_size; /* offsets */
	uint64_t progress, marks, ids, ports, pids, sems; /* offsets of what is written */
	/* how it is to be played */
	double speed;		  /* 0: as fast as possible */
	int32_t owner;		  /* pid of the replay itself: without it nobody ends the players */
	bool keeps_think;	  /* gaps between a thread's own calls, else times since the beginning */
	_Atomic uint64_t begun;	  /* CLOCK_MONOTONIC ns */
	int64_t realtime_shift;	  /* ns from recorded times of day to live ones */
	_Atomic uint32_t failure; /* a player gave up: errno */
	_Atomic uint32_t failure_act;
};

#define SCORE_AT(score, offset, type) ((type *)((char *)(score) + (score)->offset))

static inline const struct score_process *score_process(const struct score *score, uint32_t index)
{
	return SCORE_AT(score, processes, const struct score_process) + index;
}

static inline const struct score_part *score_part(const struct score *score, uint32_t index)
{
	return SCORE_AT(score, parts, const struct score_part) + index;
}

static inline const struct score_act *score_act(const struct score *score, uint32_t index)
{
	return SCORE_AT(score, acts, const struct score_act) + index;
}

static inline struct score_mark *score_mark(struct score *score, uint32_t index)
{
	return SCORE_AT(score, marks, struct score_mark) + index;
}

static inline struct score_progress *score_progress(struct score *score, uint32_t part)
{
	return SCORE_AT(score, progress, struct score_progress) + part;
}

static inline const struct score_template *score_template(const struct score *score, uint32_t offset)
{
	return (const struct score_template *)(SCORE_AT(score, pool, const char) + offset);
}

static inline const struct score_reloc *template_relocs(const struct score_template *template)
{
	return (const struct score_reloc *)(template->words + template->argc);
}

static inline const struct score_check *template_checks(const struct score_template *template)
{
	return (const struct score_check *)(template_relocs(template) + template->relocs);
}

static inline const struct score_store *template_stores(const struct score_template *template)
{
	return (const struct score_store *)(template_checks(template) + template->checks);
}

static inline const void *template_data(const struct score_template *template)
{
	return template_stores(template) + template->stores;
}

#endif
