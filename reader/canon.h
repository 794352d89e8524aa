// SPDX-License-Identifier: MIT
/*
 * A trace in a form that is the same in every run of the same program: its calls as tokens in order of time, and the
 * threads and objects that they speak of, by canonical names.
 *
 * Raw numbers (descriptors, pids, addresses, ids, ports that the kernel chose, times) never enter a token; docs/diff.md
 * says what does. What is noise by construction is folded here: how a stream was cut into calls, calls that had to be
 * repeated, waiting for readiness.
 */
#ifndef IPCTRACE_READER_CANON_H
#define IPCTRACE_READER_CANON_H

#include <stdbool.h>
#include <stdint.h>

#include "format/arena.h"
#include "reader/call_time.h"
#include "reader/map.h"
#include "reader/object.h"
#include "reader/text.h"
#include "reader/trace.h"

#define CANON_NONE UINT32_MAX

struct seen_ports;

enum token_flag {
	TOKEN_STREAM = 1,      /* payload of a stream: neighbours fold */
	TOKEN_RECEIVES = 2,    /* takes something from its first object: data, or a connection */
	TOKEN_SENDS = 4,       /* gives something to its first object */
	TOKEN_WOKEN = 8,       /* the first after a wait for readiness ended */
	TOKEN_TIMER = 16,      /* after such a wait that timed out, before the next one */
	TOKEN_ENDS = 32,       /* ends its first object: close, munmap, IPC_RMID */
	TOKEN_MAKES = 64,      /* makes its last object */
	TOKEN_ABSORBED = 128,  /* folded into another one of its strand */
	TOKEN_FORKS = 256,     /* makes a thread or process */
	TOKEN_WAITS = 512,     /* its time measures a peer */
	TOKEN_RANDOM = 1024,   /* its payload is what the program asked chance for */
	TOKEN_SHORT = 2048,    /* less was sent than was asked for */
	TOKEN_REAPS = 4096,    /* learns of the end of a child, which may be in a signal handler */
	TOKEN_PRELUDE = 8192,  /* says anew what is waited for, directly before the wait */
	TOKEN_WAKES = 16384,   /* a handler wakes its own thread, which is in a wait for readiness */
	TOKEN_DUE = 32768,     /* after such a wait, and when it would have timed out had nothing been ready */
	TOKEN_SETTING = 65536, /* says how its first object is to behave */
};

/* What tokens have in common that do the same to the same things in the same thread. Most calls are of few sorts. */
struct canon_sort {
	uint64_t key;	     /* call, flags and operations, outcome; without objects */
	uint64_t content;    /* other arguments, without payload and its size */
	uint32_t objects[2]; /* CANON_NONE: none */
	uint32_t thread;
	uint16_t call; /* in canon.catalogue */
	uint16_t error;
};

/*
 * One logical call. There are as many as events, and memory is what a comparison of long runs takes most time to get:
 * 32 bytes.
 */
struct canon_token {
	uint64_t enter;		       /* ticks */
	const struct canon_sort *sort; /* of canon.sorts; equal ones need not be the same */
	uint64_t bytes : 44;	       /* of payload */
	uint64_t flags : 20;	       /* enum token_flag */
	uint32_t payload;	       /* CRC-32C */
	uint32_t duration;	       /* ticks, saturating; of the last call folded into it */
};

/* What went over one direction of a stream. */
struct canon_flow {
	uint64_t calls; /* which, a bit each */
	uint64_t bytes;
	uint32_t payload;
	uint32_t tokens;
	uint64_t raw_bytes; /* as it was, with the numbers of the run: the same however it was cut */
	uint32_t raw_payload;
};

enum { CANON_RECEIVED, CANON_SENT };

struct canon_object {
	char *name;	   /* as in print -y, with ports and pids made canonical */
	char *shown;	   /* as in print -y */
	uint64_t class_id; /* of its role and label, without its ordinal */
	uint64_t stem;	   /* the same without what looks like chance in the label */
	uint64_t shape; /* the same without the last word in the label that could have been drawn, but for its length */
	uint64_t order; /* hash of the keys of the tokens on it, in order, without repeats */
	uint64_t last;
	uint32_t thread; /* who made it, or CANON_NONE */
	uint32_t ordinal;
	uint32_t birth, end; /* first token; the token that ended it, or CANON_NONE */
	uint32_t origin;     /* the listener of an accepted connection */
	uint32_t receiver;   /* the first thread that received from it */
	uint32_t taker;	     /* the last one so far */
	uint32_t giver;	     /* the first thread that sent to it */
	uint32_t maker;	     /* the token that made it behind a pointer, or CANON_NONE */
	uint32_t tokens;
	uint8_t type; /* enum object_type */
	bool is_numbered, is_accepted, is_stream;
	bool is_shared;	    /* several threads receive from it, and none has left it to its child */
	bool is_joint;	    /* a pipe into which several threads have said something */
	bool is_client;	    /* a connection that was not accepted but made */
	bool is_answer;	    /* its maker hears on it what it gave the other end away for: the output of a child */
	bool is_counter;    /* eventfd and the like: what is read from it is a number of wake-ups */
	bool is_registered; /* somebody has said that it will be waited for */
	bool is_vain;	    /* somebody has asked it for something when there was nothing to be had */
	bool is_missed;	    /* likewise, directly before that was first said */
	bool is_common;	    /* of a process with several threads */
	bool is_private;    /* memory and locks that no other process sees */
	struct canon_flow flows[2];
	uint64_t late; /* of what went into a pipe: bytes since some were last taken out */
};

struct canon_thread {
	char *name;	 /* P0.1(worker).t2 */
	char *image;	 /* of its process, or "" */
	uint32_t parent; /* the thread that made it, or CANON_NONE */
	uint32_t pid, tid;
	uint64_t start; /* where it began, independent of addresses; of a process its image */
	uint64_t told;	/* ticks: when another process sent it its last signal; 0: never */
	uint32_t first; /* its first token */
	uint32_t tokens;
	uint32_t accepted;  /* connections it worked on, when it waits for readiness */
	uint32_t handed;    /* of these, how many another thread had accepted */
	uint32_t connected; /* likewise, that it made itself */
	uint32_t answers;   /* likewise, ends of pipes and pairs that it made and kept for itself */
	bool is_process;    /* the first thread of one */
	bool is_common;	    /* its process has others */
	bool dispatches;    /* waits for readiness */
	bool is_sharing;    /* takes from something that others take from, too */
	uint64_t content;   /* hash of its tokens */
	uint64_t heard;	    /* of what it was told over accepted connections */
	uint64_t own;	    /* of what was made for it, and only it receives from; 0: there is none */
	uint64_t own_all;   /* of that of all that have its parent and begin where it does */
};

/*
 * What somebody knows of a run beyond its trace, who made it by going through another one again: which calls stand for
 * none of the other run, and what it called by names of its own.
 */
struct canon_scope {
	const uint8_t *left_out; /* by number of the event in order of time: it is seen, but is no token */
	uint64_t events;
	const char *renamed; /* pairs of a name of the run and what is meant, each with a NUL */
	size_t renamed_size;
};

/* What runs that are to be compared have in common, each the same. */
struct canon_common {
	uint32_t payload_limit; /* no more of any payload counts as kept */
	/* Processes and threads of all of them: a number that is one of them in one run may be anything in the other.
	 */
	const uint32_t *pids;
	uint32_t pids_count;
	/* Ports that the programs chose in all of them: known by their places here, in whatever order a run came to
	 * them. */
	const uint16_t *ports;
	uint32_t ports_count;
	const struct seen_ports *seen; /* all of this run */
};

struct canon {
	struct canon_token *tokens;
	struct canon_object *objects;
	struct canon_thread *threads;
	struct arena sorts; /* of tokens */
	uint32_t tokens_count, objects_count, threads_count;
	const struct catalogue *catalogue;
	const uint8_t *enabled;
	const struct canon_scope *scope;
	struct canon_common common;
	uint32_t flags; /* that any of the tokens has */
	uint64_t events;
	struct call_times times; /* of calls that did not fail */
	struct map ports;	 /* that were seen, as in struct mask */
	struct trace *trace;
};

/* What is known of one field of a call, for showing and comparing; see canon_look(). */
struct canon_field {
	const char *name; /* of the catalogue, or "result", "errno", "payload" */
	uint64_t hash;
	char *text;
	int8_t object; /* which of the token's objects it is, -1: none; then `hash` says nothing */
};

#define CANON_FIELDS_MAX (CALL_ARGS_MAX + 4)
/* Payload that is kept to find the first difference. */
#define CANON_KEPT_MAX (256u << 10)

/* A token looked at closely. */
struct canon_detail {
	uint32_t token;
	struct canon_field fields[CANON_FIELDS_MAX];
	uint32_t fields_count;
	uint8_t *kept; /* the beginning of the payload, masked */
	uint32_t kept_size;
	bool is_cut;	      /* there was more payload than was recorded */
	char *line;	      /* as print -y shows its first event */
	uint64_t time, stack; /* ns since the epoch; hash, 0 for none */
	uint64_t sequence;    /* of its first event */
	uint32_t pid;	      /* whose stack it is */
};

struct canon_progress {
	void (*say)(void *context, uint64_t events);
	void *context;
};

/*
 * Goes through the trace, which is borrowed and stays where it ended. Calls that are not `enabled` (by number, borrowed
 * as well; NULL: all are) are passed over as if they had not been recorded. Of each payload only as much as
 * `common->payload_limit` is looked at, as if the run had kept no more: what was masked beyond it could not be in the
 * other run. What `common` points to is borrowed for as long as the canon lives. `progress` may be NULL. With a `scope`
 * (borrowed; NULL: none) threads are told apart by their place in the tree of creation alone, and no exec is seen. 0,
 * or -errno; free with canon_free().
 */
int canon_make(struct canon *canon, struct trace *trace, const uint8_t *enabled, const struct canon_scope *scope,
	       const struct canon_common *common, const struct canon_progress *progress);
void canon_free(struct canon *canon);

/*
 * Goes through the trace again and fills `details` of the tokens that they name, which must rise. 0 or -errno; free
 * with canon_details_free().
 */
int canon_look(const struct canon *canon, struct canon_detail *details, uint32_t count);
void canon_details_free(struct canon_detail *details, uint32_t count);

#endif
