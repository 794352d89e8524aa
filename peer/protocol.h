// SPDX-License-Identifier: MIT
/*
 * What the library inside a program asks of the feeder, the process that plays the recorded peers, and what it is
 * answered. One request and one answer a connection, each one packet, on the abstract AF_UNIX SOCK_SEQPACKET address
 * that the variable PEER_VARIABLE names. Both sides are of one build, so these are plain structs.
 *
 * A socket is known to the feeder by the inode of its description: that is the same for duplicates, in children, after
 * an exec and after passing it in a message.
 */
#ifndef IPCTRACE_PEER_PROTOCOL_H
#define IPCTRACE_PEER_PROTOCOL_H

#include <stdint.h>

#define PEER_VARIABLE "IPCTRACE_PEER"

/* The feeder's end of what it connects to a server is bound to the abstract name "ADDRESS.NUMBER". */
#define PEER_NUMBER_MARK '.'

enum peer_verb {
	PEER_CONNECT,	 /* bytes: where to; with both ends of a pair, the program's own first, which has `inode` */
	PEER_CONNECTED,	 /* connect() on what is in the feeder's hands already */
	PEER_SEND,	 /* bytes: to whom a datagram goes, of another host, from a socket that is not connected */
	PEER_BIND,	 /* bytes: where */
	PEER_LISTEN,	 /* may it? */
	PEER_LISTENING,	 /* `inode` listens now for `replaced`; bytes: its AF_UNIX address */
	PEER_LOCAL_NAME, /* bytes: the other end's AF_UNIX address, if it has one */
	PEER_REMOTE_NAME,
	PEER_GET_OPTION, /* bytes as for the names */
	PEER_SET_OPTION,
	PEER_KEY, /* `option` is a System V key of the sort `level`; answered by the key to use */
	PEER_VERB_COUNT
};

/* Of which sort a System V key is. */
enum peer_key_kind { PEER_KEY_QUEUE, PEER_KEY_SEMAPHORES, PEER_KEY_SEGMENT };

#define PEER_BYTES 256

struct peer_request {
	uint32_t verb;
	int32_t pid, tid;
	uint64_t inode;
	uint64_t replaced;
	int32_t family, type, is_blocking;
	int32_t level, option;
	uint32_t size;
	uint8_t bytes[PEER_BYTES];
};

enum peer_verdict {
	PEER_REAL, /* not recorded: the kernel is to say */
	PEER_DONE, /* it fails with `error`, or succeeds with `bytes` when that is 0 */
	PEER_PLAY, /* put the pair (the new listener) in the place of the socket; then as PEER_DONE */
	PEER_TELL, /* the kernel is to say; tell PEER_LISTENING when it is well */
};

struct peer_answer {
	uint32_t verdict;
	int32_t error;
	uint32_t size;
	uint8_t bytes[PEER_BYTES];
};

#endif
