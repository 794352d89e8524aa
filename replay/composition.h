// SPDX-License-Identifier: MIT
/*
 * A score while it is made: who takes part, what they handle, what they do with it. replay/compose.c goes through the
 * trace; replay/template.c makes the calls' arguments; replay/ordering.c finds what has to wait for what;
 * replay/feeding.c gives lines to the ends that were not recorded. Known to these files alone.
 */
#ifndef IPCTRACE_REPLAY_COMPOSITION_H
#define IPCTRACE_REPLAY_COMPOSITION_H

#include <sys/types.h>

#include "reader/flow.h"
#include "reader/identity.h"
#include "reader/map.h"
#include "reader/text.h"
#include "reader/trace.h"
#include "replay/compose.h"
#include "replay/rows.h"
#include "replay/score.h"
#include "replay/stage.h"

/* What an act does to an object. */
enum access_class {
	ACCESS_TAKES = 1,     /* takes something out of it: what, depends on who comes first */
	ACCESS_GIVES = 2,     /* puts something into it */
	ACCESS_LOOKS = 4,     /* asks whether it is ready */
	ACCESS_CONNECTS = 8,  /* begins a conversation */
	ACCESS_ACCEPTS = 16,  /* takes one from a listener */
	ACCESS_ENDS = 32,     /* closes it */
	ACCESS_SENDS_TO = 64, /* names an address */
	ACCESS_MADE = 128,    /* makes it */
	ACCESS_LISTS = 256,   /* adds it to what is waited for */
};

struct access {
	uint32_t act, object, slot;
	uint32_t classes;
	uint32_t data, size, total; /* payload in the pool; ACCESS_CONNECTS, ACCESS_SENDS_TO: the address */
	uint32_t hash;
	uint32_t missing;    /* ACCESS_TAKES: bytes that nobody was recorded to send */
	uint32_t made;	     /* ACCESS_ACCEPTS: the new object */
	bool is_known_ready; /* ACCESS_LOOKS: it was found ready */
};

/* An object of the identity, outliving it. */
struct composed_object {
	uint64_t id;
	uint32_t peer, origin;
	uint32_t mapping;  /* number of the live address that stands for it, or SCORE_NONE */
	uint32_t listener; /* what connects to it or is accepted from it; see ordering.c */
	uint32_t name;	   /* the port or path that it is bound to, an object as well */
	uint32_t sender;   /* who sent to it last by its address, or SCORE_NONE */
	uint32_t feeder;   /* the process that plays its other end; SCORE_NONE: none, or several */
	bool is_fed;
	bool is_listener; /* connections are accepted from it */
	uint16_t family, socket_type;
	uint8_t type; /* enum object_type */
	bool is_made; /* by a recorded call that is made again */
	bool is_standin, is_cut, is_polled, is_file, is_socket_used;
	bool is_received_cut;			  /* what came out of it was not all kept: matters where it is played */
	bool is_stub;				  /* its other end was not recorded, or not all that it did */
	bool is_pair;				  /* both ends were made at once */
	bool is_tried, is_connected, is_accepted; /* a connection was asked for; it came about; it was accepted */
	uint64_t waiting;			  /* bytes sent to it and not yet received */
	bool is_owed;				  /* it was found ready although nothing was waiting */
};

struct composed_slot {
	uint32_t process, object;
	int32_t fd;
	uint32_t since;	 /* acts that had been composed when it was made; 0: it was there from the beginning */
	uint32_t before; /* the one of the same process, number and object that was made before, or SCORE_NONE */
	bool is_made;
	bool is_closed;
};

/* What only composing knows of an act. */
struct composed_act {
	uint32_t part, next; /* of the same part */
	uint32_t index;	     /* in its part */
	uint32_t number;     /* in the score */
};

struct composed_part {
	struct score_part score;
	uint32_t first, last; /* acts */
};

struct composition {
	struct trace *trace;
	const struct catalogue *catalogue;
	const struct stage *stage;
	struct identities *identities;
	struct flow *flows;   /* of the log's calls */
	uint16_t *calls;      /* of the log: number in catalogue_builtin, or UINT16_MAX */
	uint64_t begin, last; /* ns since the epoch */
	struct text pool;
	struct map pool_map;   /* hash -> row of pieces + 1 */
	struct rows pieces;    /* struct piece */
	struct rows acts;      /* struct score_act */
	struct rows composed;  /* struct composed_act */
	struct rows processes; /* struct score_process */
	struct rows parts;     /* struct composed_part */
	struct rows slots;     /* struct composed_slot */
	struct rows objects;   /* struct composed_object */
	struct rows accesses;  /* struct access */
	struct rows standins;  /* struct score_standin */
	struct rows edges;     /* struct score_edge */
	struct rows feeds;     /* struct score_feed */
	struct rows interests; /* struct interest: what an epoll set waits for */
	struct map by_pid;     /* process + 1 */
	struct map by_thread;  /* process << 32 | tid: part + 1 */
	struct map by_ordinal; /* hash of process, creator, ordinal: part + 1 */
	struct map by_handle;  /* hash of process, fd, object: slot + 1 */
	struct map by_id;      /* object id: object + 1 */
	struct map pending;    /* process << 32 | fd, received and not yet used: slot + 1 */
	struct map threads;    /* hash of process, pthread_t: part + 1 */
	struct map ports;      /* socket type << 16 | port: the object that has it + 1 */
	struct map starts;     /* address where threads begin: how many-th + 1 */
	uint32_t mappings;
	bool failed; /* out of memory */
};

struct interest {
	uint32_t set, object, slot;
	uint64_t data;
};

#define COMPOSED_ACT(c, i)    (&ROWS((c)->acts, struct score_act)[i])
#define COMPOSED_OBJECT(c, i) (&ROWS((c)->objects, struct composed_object)[i])
#define COMPOSED_SLOT(c, i)   (&ROWS((c)->slots, struct composed_slot)[i])
#define COMPOSED_PART(c, i)   (&ROWS((c)->parts, struct composed_part)[i])

/* Puts bytes into the pool, once for equal ones; aligned to 16. Its offset. */
uint32_t pool_add(struct composition *composition, const void *bytes, size_t size);

/* Lays out what was composed. 0, or -errno; *score and *fd are to be given back with score_free() in either case. */
int score_make(struct score **score, int *fd, struct composition *composition);

/* ---- cast.c: who and what ---- */

uint32_t cast_process(struct composition *composition, uint32_t pid);
uint32_t cast_fork(struct composition *composition, uint32_t parent, uint32_t pid);
uint32_t cast_part(struct composition *composition, uint32_t process, uint32_t tid);
uint32_t cast_thread(struct composition *composition, uint32_t process, uint32_t creator, uint32_t ordinal);
int cast_thread_seen(struct composition *composition, const struct frame_thread *thread);
uint32_t cast_object(struct composition *composition, const struct object *object);

/* A port or path as such: who is there, and whether anybody, changes in its order. */
uint32_t cast_name(struct composition *composition, const struct endpoint *endpoint, uint16_t socket_type);

/* The slot that descriptor `fd` of `process` is now, or SCORE_NONE. */
uint32_t cast_slot(struct composition *composition, uint32_t process, uint32_t pid, int32_t fd);

/* The slot of a descriptor that the observed call makes; `object` may be NULL: known when it is used. */
uint32_t cast_slot_made(struct composition *composition, uint32_t process, int32_t fd, const struct object *object);

void cast_free(struct composition *composition);

/* ---- template.c and the files template_*.c ---- */

/*
 * Makes what is needed to make the call `event` of `process` again, and notes what it does to which objects as accesses
 * of act number `number`. Sets act->template, flags and, when it cannot be made, how and reason.
 */
void template_make(struct composition *composition, struct score_act *act, uint32_t number, uint32_t process,
		   const struct event *event);

/* ---- ordering.c, feeding.c ---- */

/* Fills edges. */
void ordering_make(struct composition *composition);

/* Fills feeds and standins; fills acts that nobody would serve. Before ordering_make(). */
void feeding_make(struct composition *composition);

#endif
