/* SPDX-License-Identifier: MIT */
/*
 * libipctrace: reading a trace. What `ipctrace print` reads, in the same order and with the same names.
 *
 *	struct ipctrace *trace;
 *	struct ipctrace_event event;
 *	char trouble[256];
 *
 *	if (ipctrace_open("server.ipct", 0, &trace, trouble, sizeof(trouble)))
 *		errx(1, "%s", trouble);
 *	while (ipctrace_next(trace, &event) == 0)
 *		printf("%s on %s took %lu ns\n", event.call, event.object ? event.object : "-", event.duration);
 *	ipctrace_close(trace);
 *
 * Link with `pkg-config --cflags --libs ipctrace`. A trace belongs to one thread at a time. Results are 0 for success,
 * positive IPCTRACE_E_... for what callers are to expect, and -errno when the system failed. Structs only grow at their
 * ends, in minor versions too: never copy one by a size of your own.
 */
#ifndef IPCTRACE_H
#define IPCTRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	IPCTRACE_E_END = 1,    /* nothing more happened */
	IPCTRACE_E_UNREADABLE, /* no trace, or one that this version cannot read */
	IPCTRACE_E_NO_FIELD,   /* the call has no argument of that name, or nothing of the kind was recorded */
};

/* For ipctrace_open(). */
enum {
	IPCTRACE_FOLLOW = 1,	   /* go on while the trace is being written; ipctrace_next() waits */
	IPCTRACE_WITHOUT_LIVE = 2, /* do not look into the live area beside the log */
};

enum ipctrace_outcome {
	IPCTRACE_RETURNED,
	IPCTRACE_CANCELLED,  /* the thread was cancelled inside the call */
	IPCTRACE_JUMPED,     /* a signal handler jumped out of it */
	IPCTRACE_UNFINISHED, /* the process ended inside it */
	IPCTRACE_DEPARTED,   /* it does not return: an exec, or an exit */
};

struct ipctrace;

/* One call. Texts live until the next ipctrace_next(). */
struct ipctrace_event {
	uint64_t time;	   /* when it was entered, ns since the epoch */
	uint64_t duration; /* ns */
	uint32_t pid, tid; /* who made it */
	const char *call;
	const char *family;
	int64_t result; /* meaningless unless it returned */
	int error;	/* errno; 0 when it did not fail */
	int outcome;	/* enum ipctrace_outcome */
	const char
		*object; /* what it is about, as "tcp-client#3 -> 127.0.0.1:6379"; NULL when there is no such thing */
	unsigned args;	 /* how many arguments were recorded */
	uint64_t site;	 /* the address that the call returned to */
};

/* How far a trace can be trusted; see `ipctrace check`. */
struct ipctrace_loss {
	uint64_t events;	 /* in the trace */
	uint64_t lost;		 /* counted as lost while recording */
	uint64_t missing;	 /* absent without account */
	uint64_t damaged_frames; /* could not be read */
	int is_closed;		 /* the recording came to its proper end */
};

/*
 * Opens the trace at `path`. On success *trace is to be closed with ipctrace_close(). Otherwise `trouble` (`size`
 * bytes) says in one line what is wrong.
 */
int ipctrace_open(const char *path, unsigned flags, struct ipctrace **trace, char *trouble, size_t size);

/* NULL is allowed. */
void ipctrace_close(struct ipctrace *trace);

/* The next call by time of entry, over all threads and processes: 0, IPCTRACE_E_END or -errno. */
int ipctrace_next(struct ipctrace *trace, struct ipctrace_event *event);

/*
 * Of the event that ipctrace_next() gave last, by the name of an argument as in the call's prototype:
 *
 * The name of argument `index` < event.args; NULL beyond.
 */
const char *ipctrace_arg_name(const struct ipctrace *trace, unsigned index);

/* The word that was passed, a pointer as it is: 0 or IPCTRACE_E_NO_FIELD. */
int ipctrace_integer(const struct ipctrace *trace, const char *arg, int64_t *value);

/*
 * The bytes recorded behind a pointer: payload, string, address or struct, in this order of preference. NULL when there
 * are none. *size are those kept, *total those there were. They live until the next ipctrace_next().
 */
const void *ipctrace_bytes(const struct ipctrace *trace, const char *arg, size_t *size, size_t *total);

/*
 * As text, the way `ipctrace print` writes it: an argument, or with `arg` NULL all of them. As snprintf(): the length
 * of the whole text, of which at most size - 1 bytes are written; or IPCTRACE_E_NO_FIELD negated.
 */
int ipctrace_text(struct ipctrace *trace, const char *arg, char *text, size_t size);

/* The whole event as one JSON object, the line of `ipctrace print --json` without its newline. As snprintf(). */
int ipctrace_json(struct ipctrace *trace, char *text, size_t size);

/* The object that an argument (a descriptor, an id, an address) means at this moment, or NULL. */
const char *ipctrace_object(struct ipctrace *trace, const char *arg);

void ipctrace_loss(struct ipctrace *trace, struct ipctrace_loss *loss);

#ifdef __cplusplus
}
#endif

#endif
