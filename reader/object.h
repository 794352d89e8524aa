// SPDX-License-Identifier: MIT
/*
 * Things that programs talk through, and the programs: what a number in a trace means.
 *
 * An object has a name that is the same in every run of the same program: it is made of who made it, as how many-th of
 * its sort, and of addresses that the program chose; never of numbers that the kernel chose. Names may get better while
 * more is learned (a socket becomes a client when it connects). Objects belong to the identity they came from
 * (reader/identity.h) and are read-only for everybody else, but for `tag`.
 */
#ifndef IPCTRACE_READER_OBJECT_H
#define IPCTRACE_READER_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/endpoint.h"

enum object_type {
	OBJECT_PROCESS,
	OBJECT_THREAD,
	OBJECT_UNKNOWN,	   /* a descriptor or id whose making was not seen: `fd 7` */
	OBJECT_SOCKET,	   /* any socket, also one of a pair */
	OBJECT_PIPE,	   /* one end */
	OBJECT_FILE,	   /* something opened by its name */
	OBJECT_DESCRIPTOR, /* any other descriptor: eventfd, epoll, ... */
	OBJECT_MQ,	   /* a POSIX message queue */
	OBJECT_MSGQ,	   /* System V message queue */
	OBJECT_SEMSET,	   /* System V semaphore set */
	OBJECT_SEGMENT,	   /* System V shared memory */
	OBJECT_SEM,	   /* POSIX semaphore */
	OBJECT_MAPPING,	   /* a range of a process's memory */
	OBJECT_TYPE_COUNT
};

struct object {
	uint64_t id; /* from 1, in the order of making; never used twice in one identity */
	enum object_type type;
	const char *role;	/* "tcp-client"; static or owned by the identity */
	struct object *process; /* who made it (itself for a process); NULL when not known */
	struct object *thread;	/* NULL for processes, and when not known */
	uint32_t ordinal;	/* among its maker's with the same role and label, from 0 */
	bool numbered;		/* whether the ordinal is part of the name */
	char side;		/* 'a' 'b' of a pair, 'r' 'w' of a pipe, or 0 */
	char *label;		/* the rest of the name: " -> 127.0.0.1:6379", "/path"; or NULL */
	/*
	 * The other end, when it was traced as well. Mutual for the two ends of a conversation; a datagram socket
	 * that is connected to a bound one points to it one-sidedly.
	 */
	struct object *peer;
	struct object *origin; /* the listener of an accepted socket; what a mapping or semaphore lies in */
	uint64_t tag;	       /* 0 at first; free for the user of the identity */

	/* sockets */
	uint16_t family;
	uint16_t socket_type; /* SOCK_STREAM ...; 0 when not known */
	bool any_port;	      /* the kernel chose the local port */
	bool listening;
	struct endpoint *ends; /* local and remote; NULL when it is no socket. See object_local(), object_remote() */

	/* mappings, segments */
	uint64_t length;
	uint32_t protection;

	/* processes: pid; threads: tid; unknown ones: the number */
	uint64_t number;
	uint64_t inode; /* of a socket or pipe, when the list of open descriptors told; else 0 */

	/* the identity's own */
	struct identities *identity;
	struct object_queue *queue; /* waiting for a counterpart: see identity_peer.c */
	uint32_t refs;		    /* handles that mean it */
	uint32_t holds;		    /* objects that point to it */
	char *name;
	struct object *previous, *next; /* all of the identity's */
	struct object *next_dying;
	bool is_dying;
	bool is_inherited; /* it was open when the process started that has it first */
	bool is_left;	   /* it went with the last process that had it, and was not closed before */
};

static inline const struct endpoint *object_local(const struct object *object)
{
	static const struct endpoint none;

	return object->ends ? &object->ends[0] : &none;
}

static inline const struct endpoint *object_remote(const struct object *object)
{
	static const struct endpoint none;

	return object->ends ? &object->ends[1] : &none;
}

/* The name, `tcp-client#3 -> 127.0.0.1:6379`; unique within object->process. Valid until the object learns more. */
const char *object_name(struct object *object);

/* The name with its maker in front, `P0.1: tcp-client#3 -> 127.0.0.1:6379`: unique in the trace. As snprintf(). */
int object_print(struct object *object, char *text, size_t size);

/* "socket", "pipe": the word for a type. */
const char *object_type_name(enum object_type type);

#endif
