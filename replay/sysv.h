// SPDX-License-Identifier: MIT
/*
 * What a program did on System V objects that have a key, and what somebody who is not in the trace must have done
 * there: the messages it received and nobody in the trace had sent, those it sent and nobody received, and the
 * semaphores that it got and nobody had raised. Plays nothing.
 */
#ifndef IPCTRACE_REPLAY_SYSV_H
#define IPCTRACE_REPLAY_SYSV_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/trace.h"
#include "reader/text.h"

/* A message; `offset` and `size` in the queue's bytes. */
struct queue_message {
	uint64_t time; /* ticks: sent when the call was entered, received when it returned */
	int64_t type;
	uint64_t offset, size;
	bool is_received; /* by the program */
	bool is_internal; /* sent and received by it */
	bool is_whole;	  /* all its bytes are in the trace */
};

/* What somebody else must have done to one semaphore for the program to get on. */
struct semaphore_step {
	uint64_t time;
	uint16_t number;
	int16_t change;
};

/* What the program did to one semaphore. */
struct semaphore_operation {
	uint64_t time; /* ticks: given when the call was entered, got when it returned */
	uint16_t number;
	bool sets;	/* to `change` */
	int32_t change; /* 0: waited for zero */
};

enum sysv_kind { SYSV_QUEUE, SYSV_SEMAPHORES, SYSV_SEGMENT };

struct recorded_sysv {
	enum sysv_kind kind;
	int32_t key;
	uint64_t size;	 /* semaphores of a set, bytes of a segment */
	bool is_created; /* by the program */
	struct text bytes;
	struct queue_message *messages; /* in order of time */
	uint32_t messages_count;
	struct semaphore_step *steps;
	uint32_t steps_count;
	struct semaphore_operation *operations;
	uint32_t operations_count;
};

struct recorded_sysvs {
	struct recorded_sysv *list;
	uint32_t count;
};

/* Of the process `pid` and what it started; 0: of all. 0 or -errno; sysv_free() in either case. */
int sysv_read(struct recorded_sysvs *sysv, struct trace *trace, uint32_t pid);
void sysv_free(struct recorded_sysvs *sysv);

/* Messages that are to be played or are expected: those that are not the program's own affair. */
uint32_t sysv_count(const struct recorded_sysvs *sysv);

/* Whether the other ends can be played; if not, one line in `reason`. */
bool sysv_is_whole(const struct recorded_sysvs *sysv, char *reason, size_t size);

#endif
