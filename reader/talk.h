// SPDX-License-Identifier: MIT
/*
 * Who says what to whom over sockets and pipes, told in order of time while the trace is gone through: what is sent
 * when its call is entered, what is received when its call returns. Where both ends of a conversation are in the trace,
 * what one sent and the other received is told once, and it is known which call sent what another received.
 *
 * Which way bytes go is read off the rows of the catalogue, who is at which end off the identity. Memory is bounded by
 * what is open and in flight at a time. Nothing here writes anything.
 */
#ifndef IPCTRACE_READER_TALK_H
#define IPCTRACE_READER_TALK_H

#include "reader/identity.h"
#include "reader/text.h"

enum talk_carrier {
	TALK_TCP,
	TALK_UDP,
	TALK_UNIX,	    /* streams, sequences of packets, and what is known to be a socket and no more */
	TALK_UNIX_DATAGRAM, /* also of a pair */
	TALK_PIPE,
};

enum talk_sort {
	TALK_ASKED,   /* side 0 asks for a connection */
	TALK_MADE,    /* it has got one, or was accepted */
	TALK_REFUSED, /* nobody listened */
	TALK_BYTES,   /* `side` says something */
	TALK_ENDED,   /* `side` says nothing more */
	TALK_BROKEN,  /* `side` broke it off */
};

/* The call that something was told by. */
struct talk_call {
	uint64_t flow; /* numbers all calls that told of something sent, from 1 */
	uint32_t pid, tid;
	uint64_t enter;
	const struct call_spec *call;
};

/* Calls of one side whose bytes nobody has received yet: a ring, whose room is a power of two. */
struct talk_sources {
	uint32_t first, count, room;
	struct talk_source *rows;
};

/*
 * A conversation. Side 0 is the one that connected, has the writing end of a pipe, or is 'a' of a pair. A datagram
 * socket that is not one of a pair has a conversation of its own, in which it is side 0.
 */
struct talk {
	uint64_t number; /* from 0 */
	enum talk_carrier carrier;
	bool is_pair;		 /* of socketpair() */
	bool is_addressed;	 /* each message has addresses of its own: word->from and to */
	struct endpoint ends[2]; /* by side, as far as known by now */
	uint32_t pids[2];	 /* who was first heard of at each side; 0: nobody */
	void *user;		 /* of whoever is told; free it in talk_sink.gone() */

	/* private */
	struct talk *into; /* another one that this turned out to be, with sides swapped or not */
	bool is_turned;
	bool is_begun, is_asked, is_made, is_ended[2];
	uint32_t references;
	struct object *objects[2]; /* alive; not referenced */
	uint64_t said[2], heard[2], told[2];
	struct talk_sources sources[2];
};

struct talk_word {
	enum talk_sort sort;
	struct talk *talk;
	uint8_t side;  /* whose words they are */
	bool is_heard; /* told by the other side's call */
	uint64_t time; /* ticks */
	struct talk_call by;
	struct text text; /* by talk_sink.describe(); may be empty */

	/* TALK_BYTES: not told before are `gap` bytes that are not in the trace, then `size`, of which `kept` are. */
	uint64_t offset; /* of the gap, in all that the side says */
	uint64_t gap, size;
	const uint8_t *bytes;
	uint32_t kept;
	struct endpoint from, to;

	/* private */
	uint8_t teller; /* the side whose call it is */
	bool is_moved;	/* by sendfile or splice, of which nothing is kept */
	bool is_copied;
	uint32_t hash;
	uint64_t order;
};

/* Results are 0 or a failure that talks_observe() returns. */
struct talk_sink {
	int (*word)(void *context, const struct talk_word *word);
	/* May be NULL: `word` is, at least in part, what `sent` sent. Called before word(), once for each sender. */
	int (*received)(void *context, const struct talk_word *word, const struct talk_call *sent);
	/* May be NULL: what to say about a call on an object later, at the time when names are known. */
	void (*describe)(void *context, const struct event *event, struct object *object, struct text *text);
	void (*gone)(void *context, struct talk *talk); /* may be NULL */
	void *context;
};

struct talks;

/* Watches `identities` (identity_watch) and uses the tags of their objects. 0 or -ENOMEM. */
int talks_new(struct talks **talks, const struct catalogue *catalogue, struct identities *identities,
	      const struct talk_sink *sink);

/* Before identity_free(). NULL is allowed. */
void talks_free(struct talks *talks);

/*
 * The event that the identity has just observed. What is not `wanted` is not told, but closes what it closes. 0,
 * -ENOMEM or what the sink returned.
 */
int talks_observe(struct talks *talks, const struct event *event, bool wanted);

/* After the last event: finishes the identity and tells what is outstanding. As talks_observe(). */
int talks_finish(struct talks *talks);

#endif
