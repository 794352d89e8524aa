// SPDX-License-Identifier: MIT
/*
 * The inside of reader/talk.h, for the files talk*.c alone.
 */
#ifndef IPCTRACE_READER_TALK_PARTS_H
#define IPCTRACE_READER_TALK_PARTS_H

#include "reader/flow.h"
#include "reader/talk.h"

/* What is known of a call once and for all; -1: there is no such argument. */
struct talk_use {
	struct flow flow;
	int8_t fd;	  /* the first descriptor */
	int8_t gone;	  /* a descriptor that the call closes */
	int8_t flags;	  /* message flags */
	int8_t how;	  /* which half is shut down */
	int8_t size;	  /* how many bytes are wanted */
	bool takes_place; /* is given an address, and moves no bytes: connect, bind */
	bool makes;	  /* its result is a new descriptor */
	uint64_t peek, shut_read;
};

/* Datagrams that were sent and not yet seen received: the oldest makes way. */
#define DATAGRAMS_MAX 16384u

struct talk_datagram {
	bool is_used, is_told;
	uint32_t size, hash;
	uint16_t from, to;
	uint32_t next; /* of the same bucket, + 1; 0: none */
	struct talk *talk;
	struct talk_call by;
};

struct talk_datagrams {
	struct talk_datagram *rows;    /* DATAGRAMS_MAX, a ring */
	uint32_t first[DATAGRAMS_MAX]; /* by bucket: row + 1 */
	uint32_t last[DATAGRAMS_MAX];
	uint32_t place;
};

struct talks {
	struct identities *identities;
	const struct talk_sink *sink;
	struct talk_use *uses; /* by number of the call */
	struct talk_word **heap;
	size_t heap_count, heap_room;
	uint64_t heap_bytes, order, now, numbers, flows, sources_count;
	struct talk_datagrams datagrams;
	struct object *closing; /* what the last call closed one descriptor of, or NULL */
	struct talk_call closer;
	struct text closer_text;
	int error; /* of the identity's watcher */
};

int talk_uses_make(struct talks *talks, const struct catalogue *catalogue);

/* The talk of an object and its side of it; NULL when it has none. */
struct talk *talk_of(const struct object *object, uint8_t *side);

/*
 * The same, made now when there is none; `is_reading` tells the ends of a pipe apart that was open before the trace.
 * NULL when it is no such object, or without memory (then talks->error is set).
 */
struct talk *talk_make(struct talks *talks, struct object *object, bool is_reading, uint8_t *side);

/* The object is of no talk any more. */
void talk_leave(struct talks *talks, struct object *object);
void talk_drop(struct talks *talks, struct talk *talk);

/* Takes a word to be told in its time; its bytes and text are taken over or copied. 0 or -ENOMEM. */
int talk_tell(struct talks *talks, struct talk_word *word);

/* Tells all words up to a time. */
int talk_deliver(struct talks *talks, uint64_t until);

/* Notes the call that said a word, when senders are asked for: the word ends where the side has come to. 0 or -ENOMEM.
 */
int talk_source_add(struct talks *talks, struct talk *talk, const struct talk_word *word);

/* Everything up to where the other side has now read was sent by these calls: tells them to the sink. */
int talk_sources_take(struct talks *talks, struct talk *talk, const struct talk_word *word);
void talk_sources_free(struct talks *talks, struct talk *talk);

/* Of a word whose messages have addresses: whether it is told now, after what was sent was found. 0 or a failure. */
int talk_datagram(struct talks *talks, struct talk_word *word, bool *is_told);

#endif
