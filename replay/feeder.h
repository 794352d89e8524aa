// SPDX-License-Identifier: MIT
/*
 * The feeder: plays the recorded peers to a running program. One loop over sockets: what the program asks (its library,
 * by peer/protocol.h), what it sends, and what is still to be sent to it. Shared by the files feeder*.c and peer.c.
 *
 * It never reaches out to anything that the user did not name, and leaves nothing behind.
 */
#ifndef IPCTRACE_REPLAY_FEEDER_H
#define IPCTRACE_REPLAY_FEEDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replay/conversation.h"
#include "replay/expectation.h"
#include "replay/masks.h"
#include "replay/sysv.h"

/* A recorded conversation, being played. */
struct session {
	const struct conversation *conversation;
	struct expectation expectation;
	int fd;			/* our end; -1: not connected, or over */
	int other;		/* the program's end, kept for a conversation that is to be reset; or -1 */
	uint64_t inode;		/* of the program's end */
	uint32_t next;		/* of conversation->messages: what is to be done next */
	uint64_t given;		/* bytes of it that were sent */
	bool is_claimed;	/* the program has asked for it, or it was connected to the program */
	bool is_over;		/* both have ended, or it was given up */
	bool is_ended;		/* the program has sent its last */
	uint32_t forgiven;	/* turns that differed */
	bool was_asked;		/* for its SO_ERROR */
	bool is_stuck;		/* others no longer wait for it */
	bool wants_room;	/* our last send found no room */
	uint64_t differs_since; /* ns; 0: it does not */
	uint32_t connects;	/* how often connect() was asked again */
	uint32_t options_asked; /* how many answers of getsockopt() were given */
};

/* What the program listens with. */
struct gate {
	uint32_t listener; /* of the conversations */
	uint64_t inode;	   /* now */
	bool is_claimed;   /* bound */
	bool is_open;	   /* listening */
	struct recorded_address at;
};

/* How far a System V object is. */
struct sysv_player {
	int id;		/* -1: not there yet */
	uint32_t first; /* of its messages: those before it are done */
	bool *is_done;
	uint32_t step; /* of a set's steps: the next */
};

/* A key that stands for one of the program's, where there is no namespace for it. */
struct sysv_key {
	enum sysv_kind kind;
	int32_t asked, own;
};

struct feeder_settings {
	bool is_lenient;
	bool may_pass;	   /* what is not recorded goes to the real peer */
	bool is_live;	   /* no program of ours: connect to the recorded addresses */
	uint64_t patience; /* ns without anything before it gives up */
};

enum feeder_outcome {
	FEEDER_RUNNING,
	FEEDER_DONE,	 /* the program has ended, or nothing is left to be played to a live server */
	FEEDER_DIVERGED, /* and is not to go on */
	FEEDER_STALLED,	 /* nothing happens */
	FEEDER_STOPPED,	 /* by a signal */
};

struct feeder {
	const struct conversations *conversations;
	struct masks *masks;
	struct feeder_settings settings;
	struct session *sessions; /* by number of the conversation */
	struct gate *gates;	  /* by number of the listener */
	const struct recorded_sysvs *sysv;
	struct sysv_player *players; /* by number of the object; NULL: there are none */
	struct map types;	     /* of messages: recorded pids to live ones */
	struct sysv_key *keys;
	uint32_t keys_count;
	bool has_keys; /* of its own: no namespace could be made */
	uint32_t sysv_matched, sysv_masked;
	bool is_stuck;	  /* what the program has not sent on queues is not waited for */
	char address[64]; /* abstract */
	int door;	  /* listens there */
	uint64_t moved;	  /* when something happened last, ns */
	int *kept;	  /* our ends of descriptors that were passed */
	uint32_t kept_count;
	uint64_t passed;		 /* connections to real peers */
	struct text story;		 /* the first divergence, in lines */
	const struct session *differing; /* where it was, or NULL */
	uint32_t divergences;
	enum feeder_outcome outcome;
};

/* 0 or -errno; feeder_free() in either case. Borrows all it is given. */
int feeder_open(struct feeder *feeder, const struct conversations *conversations, struct masks *masks,
		const struct feeder_settings *settings);
void feeder_free(struct feeder *feeder);

/*
 * Does what can be done now, or waits up to 100 ms for something; `child` is a descriptor that is readable when the
 * program has ended, or -1. 0 or -errno.
 */
int feeder_step(struct feeder *feeder, int child);

/* The program has ended: what it sent last is still looked at, and what it left out. */
void feeder_finish(struct feeder *feeder);

/* Whether everything that clients do to the program is done. Never for a program that is a client itself. */
bool feeder_clients_are_done(const struct feeder *feeder);

/*
 * Makes room for System V objects before the program is started: a namespace of their own, or else keys of our own; and
 * what it did not create itself. 0 or -errno. Borrows `sysv`.
 */
int feeder_sysv_prepare(struct feeder *feeder, const struct recorded_sysvs *sysv);

/* ---- between the files ---- */

void feeder_sysv_free(struct feeder *feeder);
void feeder_sysv_play(struct feeder *feeder);

/* The key that stands for `key`; the same in a namespace. False when there is no memory. */
bool feeder_sysv_key(struct feeder *feeder, enum sysv_kind kind, int32_t key, int32_t *own);
void feeder_sysv_finish(struct feeder *feeder);
bool feeder_sysv_may_proceed(const struct feeder *feeder, uint64_t time);

/* Answers one request of the library. 0 or -errno. */
int feeder_answer(struct feeder *feeder, int connection);

/* Notes a divergence of which `story` tells; NULL: nowhere in particular. */
void feeder_diverge(struct feeder *feeder, struct session *session, const char *story);

/* Tells how the turn of a session differs. */
void feeder_tell_difference(const struct feeder *feeder, const struct session *session, struct text *story);

/* Whether, by the record, everything before `time` has happened on all other conversations; as far as it can be known.
 */
bool feeder_may_proceed(const struct feeder *feeder, const struct session *session, uint64_t time);

/* Plays on: receives, gives what is due, ends. 0 or -errno. */
int session_play(struct feeder *feeder, struct session *session);

/* Makes `fd` (taken over) our end. */
int session_begin(struct feeder *feeder, struct session *session, int fd);
void session_end(struct feeder *feeder, struct session *session);

#endif
