// SPDX-License-Identifier: MIT
/*
 * The raw record: what a wrapper leaves in its thread's ring, and what the collector turns into the log.
 *
 * Raw records never reach the disk format; they live between two processes of one machine and one build, so they are
 * plain structs in native byte order. Everything is a multiple of 8 bytes. This header must not contain behaviour
 * beyond arithmetic on sizes.
 */
#ifndef IPCTRACE_FORMAT_RECORD_H
#define IPCTRACE_FORMAT_RECORD_H

#include <stdint.h>

#include "format/catalogue.h"

/*
 * The head of every record. It is stored last, with release order: a head whose stamp fits its place is a whole record.
 * `words` counts 8-byte words including the head. Calls are numbered from RECORD_CALL on, in catalogue order.
 */
struct record_head {
	uint32_t stamp;
	uint32_t words : 20;
	uint32_t type : 12;
};

enum record_type {
	RECORD_PAD,	      /* skip it: the rest of the ring was too short */
	RECORD_THREAD_BEGIN,  /* struct record_thread: who writes into this ring from here on */
	RECORD_THREAD_END,    /* struct record_mark */
	RECORD_PROCESS_BEGIN, /* struct record_process, then items: exe, argv, cwd, modules, descriptors */
	RECORD_STACK,	      /* struct record_stack: the addresses behind a stack's hash */
	RECORD_MODULES,	      /* struct record_mark, then items of ITEM_MODULE: libraries that came later */
	RECORD_CALL = 16
};

#define RECORD_STAMP_SALT 0x1bc7ace5u

/* The stamp of a record at byte position `position` of its ring's endless count (not its offset in memory). */
static inline uint32_t record_stamp(uint64_t position)
{
	return (uint32_t)(position >> 3) ^ RECORD_STAMP_SALT;
}

/* How a call ended, beside its result. */
enum outcome {
	OUTCOME_RETURNED,
	OUTCOME_CANCELLED,  /* the thread was cancelled or exited inside the call */
	OUTCOME_JUMPED,	    /* a signal handler jumped out of it */
	OUTCOME_UNFINISHED, /* the process ended, or was replaced, inside it */
	OUTCOME_DEPARTED,   /* it does not return: _exit, or an exec that worked; written before the call */
};

/* A call, complete. After args[argc] follow the items. */
struct record_call {
	struct record_head head;
	uint64_t enter;		/* ticks */
	uint64_t duration : 44; /* ticks, saturating (over an hour) */
	uint64_t outcome : 3;
	uint64_t borrowed : 1; /* made by a vfork child: `item` ITEM_PID says who */
	uint64_t error : 16;   /* errno, 0 when the call did not fail */
	int64_t result;
	uint64_t site; /* the address the call returns to */
	uint64_t args[];
};

/* What was found behind a pointer, or beside the arguments. `size` bytes follow, padded to 8. */
struct item {
	uint8_t arg;	/* which argument it belongs to; ITEM_NO_ARG when none */
	uint8_t form;	/* enum item_form */
	uint16_t index; /* which element, for KIND_MMSGHDR; otherwise 0 */
	uint32_t size;	/* bytes that follow */
	uint32_t total; /* bytes (elements for ITEM_VECTOR and ITEM_STRINGS) there were; more than kept when cut */
	uint32_t hash;	/* CRC-32C of all `total` bytes of a payload; 0 for other forms */
};

#define ITEM_NO_ARG 255

enum item_form {
	ITEM_PAYLOAD, /* bytes of a message, stream or file; `hash` covers them all */
	ITEM_RAW,     /* scalars, structs or arrays of them, as in memory after the call */
	ITEM_BEFORE,  /* the same as they were before the call (select's sets, value-result arguments) */
	ITEM_STRING,  /* without its NUL */
	ITEM_STRINGS, /* NUL after each */
	ITEM_ADDRESS, /* a sockaddr */
	ITEM_VECTOR,  /* iov_len of each element, uint64_t */
	ITEM_CONTROL, /* control messages, as in msg_control */
	ITEM_FLAGS,   /* msg_flags of a received message, uint32_t */
	ITEM_LENGTH,  /* msg_len of one of several messages, uint32_t; msg_namelen and such are in the sizes */
	ITEM_TYPE,    /* mtype of a System V message, int64_t */
	ITEM_LOCAL,   /* the sockaddr of the descriptor's own end, asked for by the tracer */
	ITEM_PEER,    /* the sockaddr of its other end, likewise */
	ITEM_STACK,   /* the 64-bit hash of the call stack */
	ITEM_PID,     /* uint32_t pid and tid of a vfork child writing into its parent's ring */
	ITEM_ORDINAL, /* uint64_t: how many threads or processes this thread had created before */
	ITEM_MODULE,  /* struct item_module and the path */
	ITEM_OPEN_FD, /* struct item_open_fd and the link's text: a descriptor found open at the start */
	ITEM_VALUE,   /* semval after a semop and the like: int32_t array */
	ITEM_UNREAD,  /* int32_t: the errno why the memory of a call in flight could not be read */
	ITEM_FORM_COUNT
};

struct item_module {
	uint64_t base;	/* load bias */
	uint64_t start; /* first executable byte */
	uint64_t end;	/* after the last */
	uint8_t build_id[24];
	uint32_t build_id_size;
	uint32_t path_size; /* the path follows, without NUL */
};

struct item_open_fd {
	int32_t fd;
	uint32_t link_size; /* "socket:[123]" follows, without NUL */
};

enum process_origin {
	PROCESS_ROOT, /* an image started by something untraced */
	PROCESS_EXEC, /* an image started by a traced process */
	PROCESS_FORK, /* a copy of a traced process */
};

/* Which text of a process an ITEM_STRING is: its index. */
enum process_text { PROCESS_EXE, PROCESS_CWD };

struct record_process {
	struct record_head head;
	uint64_t ticks;
	uint32_t pid, parent;
	uint32_t origin; /* enum process_origin */
	uint32_t uid;
	uint64_t
		start_time; /* field 22 of /proc/PID/stat is not read; ticks of the image's first instruction of ours */
};

struct record_thread {
	struct record_head head;
	uint64_t ticks;
	uint32_t pid, tid;
	uint32_t creator; /* tid of the thread that made it, 0 when not known */
	uint32_t ordinal; /* which of its creator's threads, from 1; 0 for a process's first thread */
	uint64_t start;	  /* address of its start routine, 0 when not known */
};

struct record_stack {
	struct record_head head;
	uint64_t hash;
	uint64_t depth;
	uint64_t frames[]; /* return addresses, innermost first */
};

struct record_mark {
	struct record_head head;
	uint64_t ticks;
};

static inline uint32_t item_words(uint32_t size)
{
	return (uint32_t)(sizeof(struct item) / 8 + ((uint64_t)size + 7) / 8);
}

#endif
