// SPDX-License-Identifier: MIT
/*
 * What a program said and heard on each of its connections, as a trace tells it: for each open description that was
 * connected or accepted, its bytes in both directions in the order in which one had to wait for the other, how it began
 * and ended, and what was answered about it. Descriptors that were duplicated, inherited or passed are one.
 *
 * Directions are those of the recorded program: OUT is what it sent. Nothing here plays anything.
 */
#ifndef IPCTRACE_REPLAY_CONVERSATION_H
#define IPCTRACE_REPLAY_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reader/endpoint.h"
#include "reader/text.h"
#include "reader/trace.h"

enum conversation_role {
	CONVERSATION_CLIENT, /* it connected */
	CONVERSATION_SERVER, /* it was accepted */
};

enum stream_direction { STREAM_OUT, STREAM_IN };

/* A sockaddr as the program saw it. */
struct recorded_address {
	uint32_t size; /* 0: not known */
	uint8_t bytes[128];
};

enum message_sort {
	MESSAGE_BYTES,
	MESSAGE_END,   /* nothing more in this direction */
	MESSAGE_RESET, /* the other end broke the connection */
};

/* A piece of one direction. Of a stream, pieces that follow each other without one of the other direction are one. */
struct message {
	uint8_t direction; /* enum stream_direction */
	uint8_t sort;	   /* enum message_sort */
	uint64_t time;	   /* ticks: sent when the call was entered, received when it returned */
	uint64_t offset;   /* in its stream */
	uint64_t size;
	uint32_t rights, rights_count; /* descriptors that came with its first byte: of conversations->descriptors */
};

/* A descriptor that came in a message from somebody not in the trace, by what was done with it. */
struct recorded_descriptor {
	struct text content; /* what was read from it */
	bool talks;	     /* something was written to it, or it was used as a socket */
	bool is_ended;	     /* its end was read */
};

/* Bytes of a stream that the trace does not have: cut payload, or moved by sendfile or splice. */
struct hole {
	uint64_t offset, size;
};

/* An answer to getsockopt(). */
struct recorded_option {
	int32_t level, name;
	uint32_t size;
	uint8_t bytes[64];
};

struct conversation {
	uint32_t number; /* from 0, in the order in which they began */
	char *name;	 /* "P0: tcp-client#0 -> 127.0.0.1:6379" */
	enum conversation_role role;
	bool is_datagram;
	bool is_internal; /* the other end is in the trace, too */
	uint16_t family, type;
	uint32_t pid, tid; /* who began it */
	uint32_t peer_pid; /* who began the other end, when that is in the trace, too */
	uint64_t begin;	   /* ticks */
	struct endpoint remote, local;
	struct recorded_address remote_address, local_address;
	int connect_error;	/* of the first connect(): 0, EINPROGRESS ... */
	int late_error;		/* what SO_ERROR or a later call said of the connection; 0: it was made */
	struct text streams[2]; /* by direction; holes are zeros */
	struct hole *holes[2];
	uint32_t holes_count[2];
	struct message *messages; /* in order of time */
	uint32_t messages_count;
	struct recorded_option *options;
	uint32_t options_count;
	bool is_tls; /* it begins as TLS does */
};

/* Who listened. */
struct recorded_listener {
	struct endpoint local;
	struct recorded_address asked, got; /* given to bind(); as getsockname() had it */
	int error;			    /* of bind() or listen() */
	bool has_external;		    /* somebody not in the trace was accepted */
	uint32_t conversations;
};

struct conversations {
	struct conversation *list;
	uint32_t count;
	struct recorded_listener *listeners;
	uint32_t listeners_count;
	struct recorded_descriptor *descriptors;
	uint32_t descriptors_count;
	uint64_t begin, end; /* ticks of the trace */
	uint64_t inherited;  /* bytes on sockets that were open when the program began */
};

/*
 * Reads them off the trace, from its beginning to its end. 0 or -errno; conversations_free() in either case.
 */
int conversations_read(struct conversations *conversations, struct trace *trace);
void conversations_free(struct conversations *conversations);

/*
 * Turns those of clients about, so that they are what a server says and hears: what was sent is received. Also those
 * whose server was recorded as well. 0 or -ENOMEM.
 */
int conversations_flip(struct conversations *conversations);

/* Whether process `pid` is `from`, or was started by it or by its children; `from` 0: by anybody. */
bool process_descends(const struct trace *trace, uint32_t pid, uint32_t from);

/*
 * Keeps only those of the process `pid` and what it started: what they say to the other processes of the trace is said
 * to somebody else then.
 */
void conversations_select(struct conversations *conversations, const struct trace *trace, uint32_t pid);

/* Whether the other ends can be played; if not, one line in `reason`. */
bool conversations_are_whole(const struct conversations *conversations, char *reason, size_t size);

/*
 * One more element, all zero, at the end of an array of elements of `size` bytes that grows by doubling; NULL without
 * memory. For the files conversation*.c.
 */
void *array_add(void **array, uint32_t *count, size_t size);

/* After the last event: messages in order, names, which other ends were recorded. 0 or -ENOMEM. */
int conversations_settle(struct conversations *conversations);

/* Bytes of `stream` that the trace does not have. */
uint64_t conversation_missing(const struct conversation *conversation, enum stream_direction direction);

#endif
