// SPDX-License-Identifier: MIT
/*
 * Steering a trace that is running: what can be asked of its collector, where the question and the answer stand in the
 * live area, and what each is called in a log.
 *
 * This header is bytes only: who asks is reader/steering.c, who answers trace/control.c. Each believes only as much of
 * the page between them as it can check, because every traced program may write there.
 */
#ifndef IPCTRACE_FORMAT_CONTROL_H
#define IPCTRACE_FORMAT_CONTROL_H

#include <stdint.h>

enum control_action {
	/* These become objects of the log. */
	CONTROL_BEGIN, /* the trace begins suspended; cannot be asked for */
	CONTROL_STOP,
	CONTROL_START,
	CONTROL_SELECT, /* the calls of the expression in `text`, from here on or from the next start on */
	CONTROL_MARK,	/* `text` is to be found again */
	/* These do not. */
	CONTROL_FLUSH,
	CONTROL_STATUS,
	CONTROL_COUNT
};

/* What they are called, in a log and on a command line. */
extern const char *const control_names[CONTROL_COUNT];

/* How a request ended. Negative: -errno of writing the log. */
enum control_outcome {
	CONTROL_DONE,
	CONTROL_E_SENSELESS, /* no such action, or an expression that selects nothing that is known */
	CONTROL_E_SIZE,	     /* the log has reached its size limit */
	CONTROL_E_REMAINS,   /* rings that overwrite stay in memory until the end */
};

#define CONTROL_TEXT_MAX 960 /* with its NUL */

struct control_status {
	uint64_t is_suspended;
	uint64_t since; /* when that began, ns since the epoch */
	uint64_t processes, threads;
	uint64_t slots; /* ready for threads, those in use included */
	uint64_t made;	/* events: those written, those lost, and those that wait in the rings */
	uint64_t written, lost;
	uint64_t log_bytes;
	uint64_t fullest;   /* bytes in the fullest ring */
	uint64_t ring_size; /* bytes */
};

/*
 * One request at a time: who asks holds a lock (flock) on the live area's file. It fills in action and text, counts
 * `requested` up, and waits until `answered` is the same.
 */
struct control_box {
	uint32_t requested;
	uint32_t answered; /* futex */
	uint32_t action;   /* enum control_action */
	int32_t outcome;
	struct control_status status; /* of every answer */
	char text[CONTROL_TEXT_MAX];  /* with a NUL; of an answer: the selection, as far as it fits */
};

#endif
